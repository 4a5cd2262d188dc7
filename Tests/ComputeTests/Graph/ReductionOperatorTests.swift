import Compute
import Testing

@Suite struct ReductionOperatorTests {
  private let matrix = Tensor(fp32: [1, 2, 3, 4, 5, 6], shape: [2, 3])

  @Test func axesComeFromAttributesOrInputs() throws {
    let old = try Run.node(
      "ReduceMean", [matrix], attributes: ["axes": .ints([1]), "keepdims": .int(0)])
    #expect(old[0].shape == [2] && old[0].floats == [2, 5])
    let new = try Run.node("ReduceSum", [matrix, .init(int64: [0], shape: [1])])
    #expect(new[0].shape == [1, 3] && new[0].floats == [5, 7, 9])
    #expect(try Run.node("ReduceMax", [matrix])[0].floats == [6])
  }

  @Test func argMaxTakesTheFirstOfEquals() throws {
    let values = Tensor(fp32: [3, 7, 7, 1, 0, 1], shape: [2, 3])
    let first = try Run.node(
      "ArgMax", [values], attributes: ["axis": .int(1), "keepdims": .int(0)])[0]
    #expect(first.integers == [1, 0])
    let last = try Run.node(
      "ArgMax", [values], attributes: ["axis": .int(1), "select_last_index": .int(1)])[0]
    #expect(last.integers == [2, 2])
  }

  @Test func softmaxChangedItsMeaningWithOpset13() throws {
    let x = Tensor(fp32: [1, 2, 3, 4], shape: [1, 2, 2])
    let along = try Run.node("Softmax", [x], attributes: ["axis": .int(1)], opset: 13)[0]
    #expect(isClose(along.floats, [0.11920292, 0.11920292, 0.880797, 0.880797]))
    let over = try Run.node("Softmax", [x], attributes: ["axis": .int(1)], opset: 11)[0]
    #expect(isClose(over.floats, [0.0320586, 0.08714432, 0.23688284, 0.6439143]))
    let logs = try Run.node("LogSoftmax", [x], opset: 13)[0]
    #expect(isClose(logs.floats, [-1.3132617, -0.3132617, -1.3132617, -0.3132617]))
  }

  @Test func layerNormalizationHasZeroMeanAndUnitVariance() throws {
    let scale = Tensor(fp32: [1, 1, 2], shape: [3])
    let bias = Tensor(fp32: [0, 1, 0], shape: [3])
    let normal = try Run.node("LayerNormalization", [matrix, scale, bias])[0].floats
    #expect(isClose(normal, [-1.2247356, 1, 2.4494712, -1.2247356, 1, 2.4494712], 1e-4))
  }

  @Test func batchNormalizationUsesItsStatistics() throws {
    let x = Tensor(fp32: [1, 2, 3, 4], shape: [1, 2, 2])
    let parameters = [[2, 1], [0, 10], [1, 3], [4, 1]].map {
      Tensor(fp32: $0.map { Float($0) }, shape: [2])
    }
    let normal = try Run.node(
      "BatchNormalization", [x] + parameters, attributes: ["epsilon": .float(0)])[0]
    #expect(isClose(normal.floats, [0, 1, 10, 11]))
  }
}
