import Compute
import Testing

@Suite struct QuantizedOperatorTests {
  private func bytes(_ values: [UInt8], _ shape: [Int]) -> Tensor {
    Tensor(values, shape: shape, dataType: .uint8)
  }

  @Test func quantizingRoundsHalfToEvenAndSaturates() throws {
    let answer = try Run.node(
      "QuantizeLinear",
      [
        Tensor(fp32: [0.5, 1.5, 2.5, -1, 1000, -1000], shape: [6]), Tensor(fp32: [1], shape: []),
        bytes([10], []),
      ])[0]
    #expect(answer.flags == [10, 12, 12, 9, 255, 0])
  }

  @Test(arguments: [0, 1, 2, -1]) func channelsDequantizeWithTheirOwnScale(_ axis: Int) throws {
    let shape = [2, 3, 4]
    let at = axis < 0 ? axis + 3 : axis
    let inner = shape[(at + 1)...].reduce(1, *)
    let scales = (0..<shape[at]).map { Float($0 + 1) / 8 }
    let scale = Tensor(fp32: scales, shape: [shape[at]])
    for hasZero in [false, true] {
      func check<B: FixedWidthInteger & BitwiseCopyable>(_ type: B.Type, _ dataType: DataType)
        throws
      {
        let values = (0..<24).map { B(truncatingIfNeeded: $0 * 37 + 120) }
        let zeros = (0..<shape[at]).map { B(truncatingIfNeeded: hasZero ? 250 - $0 : 0) }
        let expected = (0..<24).map { index in
          let place = index / inner % shape[at]
          return Float(Int(values[index]) - Int(zeros[place])) * scales[place]
        }
        let answer = try Run.node(
          "DequantizeLinear",
          [
            Tensor(values, shape: shape, dataType: dataType), scale,
            hasZero ? Tensor(zeros, shape: [shape[at]], dataType: dataType) : nil,
          ], attributes: ["axis": .int(Int64(axis))])[0]
        #expect(answer.floats == expected, "\(dataType)")
      }
      try check(UInt8.self, .uint8)
      try check(Int8.self, .int8)
    }
  }

  @Test func productsOfIntegersAreExact() throws {
    let answer = try Run.node(
      "MatMulInteger",
      [bytes([255, 1, 0, 200], [2, 2]), bytes([3, 255, 7, 1], [2, 2]), bytes([1], []), nil])[0]
    // (A - 1) B.
    let expected: [Int32] = [762, 64_770, 1_390, -56]
    #expect(answer.elements(as: Int32.self) == expected)
  }

  @Test func aQuantizedConvolutionTreatsPaddingAsZero() throws {
    let one = Tensor(fp32: [1], shape: [])
    let answer = try Run.node(
      "QLinearConv",
      [
        bytes([12, 14, 16, 18], [1, 1, 2, 2]), one, bytes([10], []),
        bytes([1, 1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 3, 3]), one, bytes([0], []), one,
        bytes([3], []),
      ], attributes: ["pads": .ints([1, 1, 1, 1])])[0]
    #expect(answer.flags == [23, 23, 23, 23])
  }

  @Test func eightBitFloatsConvertThereAndBack() throws {
    let numbers: [Float] = [0, 1, -1.125, 447, 500, 0.001_953_125, .infinity]
    var graph = Graph(opsets: ["": 19])
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [-1])]
    graph.outputs = [.init(name: "y", dataType: .fp32, shape: [-1])]
    graph.nodes = [
      Node(opType: "Cast", inputs: ["x"], outputs: ["f8"], attributes: ["to": .int(17)]),
      Node(opType: "Cast", inputs: ["f8"], outputs: ["y"], attributes: ["to": .int(1)]),
    ]
    let answer = try Run.graph(graph, [Tensor(fp32: numbers, shape: [7])])[0].floats
    // 448 is the largest number and 2⁻⁹ the smallest.
    #expect(answer == [0, 1, -1.125, 448, 448, 0.001_953_125, 448])
  }
}
