import TestSupport
import Testing

@testable import Compute

/// Graphs of a few nodes. A trap is a bug, and so is an answer that depends on the passes, or on
/// whether sizes are known when a model is loaded.
@Suite struct GraphFuzzTests {
  private static let corpus: [[UInt8]] = (0..<64).map { [$0, 0, 0, 0, 0, 0] }

  @Test func randomGraphsNeverTrapAndPassesChangeNoAnswer() {
    var fuzz = Fuzz("graphs", corpus: Self.corpus)
    fuzz.run(rounds: 150) { Self.compare(RandomGraph(SplitMix64(state: Self.seed($0))), $0) }
  }

  @Test func chainsOfSpoiledOperatorsNeverTrap() {
    let names = OperatorRegistry.standard.names.filter { !$0.hasPrefix(FusedAttribute.domain) }
    var fuzz = Fuzz("chains", corpus: Self.corpus)
    fuzz.run(rounds: 500) { Self.run(SplitMix64(state: Self.seed($0)), names) }
  }

  private static func seed(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
  }

  private static func compare(_ drawn: RandomGraph, _ bytes: [UInt8]) {
    guard !drawn.graph.outputs.isEmpty,
      let expected = try? Run.graph(drawn.graph, [drawn.input], passes: [])
    else { return }
    // The last one reads its input in place.
    let variants: [(Graph, ModelOptions.Passes, Int)] = [
      (drawn.graph, .all, 1 << 16), (drawn.open, [], 1 << 16), (drawn.open, .all, 0),
    ]
    for (graph, passes, followed) in variants {
      let operators = graph.nodes.map(\.opType).joined(separator: " ")
      do {
        var options = ModelOptions(passes: passes)
        options.followedByteCountPerReader = followed
        let got = try Run.run(Model(graph, options: options), [drawn.input])
        for (a, b) in zip(got, expected) {
          guard let distance = distance(a, b), distance > 1e-4 else { continue }
          Issue.record("\(bytes): \(distance) apart after \(operators)")
        }
      } catch {
        Issue.record("\(bytes): \(error) after \(operators)")
      }
    }
  }

  /// The largest difference, in units of the largest number; nil where numbers have no end.
  private static func distance(_ got: Tensor, _ expected: Tensor) -> Float? {
    guard got.shape == expected.shape else { return .infinity }
    let (a, b) = (got.elements(as: Float.self), expected.elements(as: Float.self))
    guard b.allSatisfy({ $0.isFinite }) else { return nil }
    let largest = max(b.reduce(0) { max($0, $1.magnitude) }, 1)
    return zip(a, b).reduce(0) { worst, pair in
      let difference = (pair.0 - pair.1).magnitude
      return difference.isNaN ? .infinity : max(worst, difference / largest)
    }
  }

  /// Two to six operators of any kind, each of which may read what others wrote.
  private static func run(_ seed: SplitMix64, _ names: [String]) {
    var (random, graph, given) = (seed, Graph(opsets: ["": 21]), [Tensor]())
    var written: [String] = []
    for number in 0..<Int.random(in: 2...6, using: &random) {
      var model = SpoiledModel(random.one(of: names), SplitMix64(state: random.next()))
      let (drawn, inputs) = model.draw()
      var part = drawn
      func renamed(_ name: String) -> String { name.isEmpty ? "" : "\(name)_\(number)" }
      for index in part.nodes.indices {
        part.nodes[index].inputs = part.nodes[index].inputs.map { renamed($0) }
        part.nodes[index].outputs = part.nodes[index].outputs.map { renamed($0) }
        part.nodes[index].opset = part.opsets[part.nodes[index].domain]
        if !written.isEmpty, random.chance(2), !part.nodes[index].inputs.isEmpty {
          let place = Int.random(in: 0..<part.nodes[index].inputs.count, using: &random)
          part.nodes[index].inputs[place] = random.one(of: written)
        }
      }
      graph.nodes += part.nodes
      for (name, tensor) in part.initializers { graph.initializers[renamed(name)] = tensor }
      for var input in part.inputs {
        input.name = renamed(input.name)
        graph.inputs.append(input)
      }
      given += inputs
      written += part.nodes.flatMap(\.outputs).filter { !$0.isEmpty }
    }
    graph.outputs = Set([written.last, written.first].compactMap { $0 }).sorted()
      .map { .init(name: $0, dataType: nil, shape: nil) }
    var options = ModelOptions(arenaByteCountMax: 4 << 20)
    options.interpretedStepCountMax = 500
    options.workMax = 1e6
    if random.chance(3) { options.passes = [] }
    guard let compiled = try? Model(graph, options: options) else { return }
    _ = try? Run.run(compiled, given)
  }
}
