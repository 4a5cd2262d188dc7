import JSON
import TestSupport
import Testing

@testable import Training

/// Descriptions that nobody meant well: they are refused with a sentence, or make a network that fits its
/// limits; nothing traps.
@Suite struct DescriptionFuzzTests {
  private static let names = KerasTests.layers + KerasTests.optimizers.map { "optimizer_" + $0 }

  /// What stands where a number, a name or a list should.
  private static let strange: [JSONValue] = [
    .null, .bool(true), .integer(0), .integer(-1), .integer(1), .integer(3), .integer(4096),
    .integer(65_536), .integer(1 << 24), .integer(1 << 31), .integer(.max), .integer(.min),
    .unsigned(.max), .real(0.5), .real(-1e300), .real(1e15), .string(""), .string("relu"),
    .string("\u{1B}[2J\0"), .array([]), .array([.integer(0)]),
    .array([.integer(1 << 24), .integer(-1)]),
    .object([]), .object([.init("class_name", .string("Dense"))]),
  ]

  private func replaced(_ value: JSONValue, _ random: inout SplitMix64) -> JSONValue {
    switch value {
    case .array(var list) where !list.isEmpty && random.next() % 16 != 0:
      let index = Int(random.next() % UInt64(list.count))
      switch random.next() % 12 {
      case 0: list.remove(at: index)
      case 1: list.append(list[index])
      default: list[index] = replaced(list[index], &random)
      }
      return .array(list)
    case .object(var members) where !members.isEmpty && random.next() % 32 != 0:
      let index = Int(random.next() % UInt64(members.count))
      if random.next() % 24 == 0 {
        members.remove(at: index)
      } else {
        members[index].value = replaced(members[index].value, &random)
      }
      return .object(members)
    default:
      return Self.strange[Int(random.next() % UInt64(Self.strange.count))]
    }
  }

  private func read(_ model: JSONValue, _ source: ArraySource) {
    do {
      let specification = try TrainingSpecification(.object([.init("model", model)]))
      let network = try BatchReader.network(specification, source)
      for purpose in [NetworkBuilder.Purpose.training(batch: 8), .evaluation(batch: 3), .inference]
      {
        let (builder, output) = try network.build(purpose)
        let weights = builder.parameters.reduce(0) { $0 + $1.count }
        #expect(weights <= NetworkLimits.parameterCountMax)
        #expect(output.count <= NetworkLimits.valueCountMax)
      }
    } catch {
      #expect(!"\(error)".isEmpty)
    }
  }

  @Test func strangeValuesNeverTrap() throws {
    for name in Self.names {
      let fixture = try KerasFixture(name)
      let source = ArraySource(["x": try fixture.tensor("x"), "y": try fixture.tensor("y")])
      var random = SplitMix64(state: UInt64(name.utf8.count) &+ 20_261_127)
      for _ in 0..<150 {
        var model = fixture.model
        for _ in 0...Int(random.next() % 3) { model = replaced(model, &random) }
        read(model, source)
      }
    }
  }

  @Test func spoiledTextsNeverTrap() throws {
    let texts = try Self.names.map { try KerasFixture($0).model.serialized() }
    let fixture = try KerasFixture("conv")
    let source = ArraySource(["x": try fixture.tensor("x"), "y": try fixture.tensor("y")])
    var fuzz = Fuzz("network-descriptions", corpus: texts)
    fuzz.run(rounds: 2_000) { bytes in
      if let model = (try? JSONValue(parsing: bytes[...])) as JSONValue? { read(model, source) }
    }
  }

  @Test func spoiledCheckpointsNeverTrap() throws {
    var checkpoint = NetworkCheckpoint(digest: 7)
    checkpoint.parameters = [1, 2, 3]
    checkpoint.slots = [[4, 5, 6]]
    checkpoint.metrics = [Metric("loss", 0.5)]
    var fuzz = Fuzz("network-checkpoints", corpus: [checkpoint.encoded()])
    fuzz.run(rounds: 5_000) { bytes in _ = try? NetworkCheckpoint(bytes) }
  }
}
