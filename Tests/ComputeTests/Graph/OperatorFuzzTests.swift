import TestSupport
import Testing

@testable import Compute

/// Makes small models of every operator that is registered, as the standard's own tests have them,
/// spoils them, and runs what is accepted. Errors are welcome; a trap, or work without end, is a bug.
@Suite struct OperatorFuzzTests {
  @Test func spoiledModelsOfEveryOperatorNeverTrap() {
    // Those of our own domain are written by passes; a file cannot have them.
    let names = OperatorRegistry.standard.names.filter { !$0.hasPrefix(FusedAttribute.domain) }
    // The operator, then what the model is drawn from.
    let corpus = names.indices.map { [UInt8($0 >> 8), UInt8($0 & 0xFF), 0, 0, 0, 0] }
    var fuzz = Fuzz("operators", corpus: corpus)
    fuzz.run(rounds: 1_500) { Self.run($0, names) }
  }

  /// What `bytes` stand for. A crash leaves them behind.
  static func run(_ bytes: [UInt8], _ names: [String]) {
    let number = bytes.prefix(2).reduce(0) { $0 << 8 | Int($1) }
    let seed = bytes.reduce(UInt64(14_695_981_039_346_656_037)) {
      ($0 ^ UInt64($1)) &* 1_099_511_628_211
    }
    var model = SpoiledModel(names[number % names.count], SplitMix64(state: seed))
    var options = ModelOptions(arenaByteCountMax: 4 << 20)
    options.interpretedStepCountMax = 500
    options.workMax = 1e6
    options.allowsContainers = model.random.chance(4)
    if model.random.chance(3) { options.passes = [] }
    let (graph, inputs) = model.draw()
    guard let compiled = try? Model(graph, options: options) else { return }
    if options.allowsContainers {
      _ = try? compiled.evaluate(inputs.map { .tensor($0) })
    } else {
      _ = try? Run.run(compiled, inputs)
    }
  }
}

extension SplitMix64 {
  /// True once in `count` times.
  mutating func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &self) == 0 }

  mutating func one<T>(of list: [T]) -> T { list.randomElement(using: &self)! }
}
