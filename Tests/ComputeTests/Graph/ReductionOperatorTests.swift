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

  /// More rows than are looked at in one go, and one whose largest is not a number.
  @Test func hardmaxIsOneAtTheFirstLargest() throws {
    let (rows, columns) = (150, 37)
    var values = (0..<rows * columns).map { Float($0 * 31 % 11) }
    values[3 * columns + 20] = .nan
    let x = Tensor(fp32: values, shape: [rows, columns])
    for axis in [1, 0] {
      let hard = try Run.node("Hardmax", [x], attributes: ["axis": .int(Int64(axis))])[0].floats
      let (count, step) = axis == 1 ? (rows, columns) : (columns, 1)
      for line in 0..<count {
        let places = (0..<(axis == 1 ? columns : rows)).map {
          line * step + $0 * (axis == 1 ? 1 : columns)
        }
        let nan = places.first { values[$0].isNaN }
        let largest = places.map { values[$0] }.max()
        let best = nan ?? places.first { values[$0] == largest }
        #expect(places.filter { hard[$0] == 1 } == [best])
        #expect(places.allSatisfy { hard[$0] == 0 || hard[$0] == 1 })
      }
    }
  }

  /// Rows of zeros, and rows whose squares no single precision holds, have lengths all the same.
  @Test func lengthsAreNormalisedWhateverTheirSize() throws {
    for scale: Float in [1, 0, 1e-25, 1e25, 3e-39] {
      let values: [Float] = [3, 4, 0, 12, 0, 0].map { $0 * scale }
      let x = Tensor(fp32: values, shape: [1, 6])
      let got = try Run.node("LpNormalization", [x])[0].floats
      let want: [Float] = scale == 0 ? [0, 0, 0, 0, 0, 0] : [3, 4, 0, 12, 0, 0].map { $0 / 13 }
      #expect(isClose(got, want), "\(scale): \(got)")
    }
    let nan = Tensor(fp32: [1, .nan], shape: [1, 2])
    #expect(try Run.node("LpNormalization", [nan])[0].floats.allSatisfy(\.isNaN))
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

  @Test func groupsOfChannelsHaveZeroMeanAndUnitVariance() throws {
    let (channels, plane) = (6, 35)
    // A mean far above the deviation, where a sum of squares would lose its digits.
    let values = (0..<2 * channels * plane).map { Float($0 * 7919 % 1_013) / 1_013 + 30 }
    let x = Tensor(fp32: values, shape: [2, channels, 5, 7])
    for (groups, opset) in [(6, 17), (1, 21), (2, 21), (3, 18), (6, 21)] {
      let isInstance = opset == 17
      let count = opset == 18 ? groups : channels
      let (scale, bias) = ((0..<count).map { Float($0) - 1.5 }, (0..<count).map { Float($0) / 3 })
      let size = channels / groups * plane
      let expected = values.indices.map { index in
        let group = values[(index / size * size)..<(index / size * size + size)].map(Double.init)
        let mean = group.reduce(0, +) / Double(size)
        let variance = group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(size)
        let at = opset == 18 ? index / size % groups : index / plane % channels
        let normal = (Double(values[index]) - mean) / (variance + 1e-5).squareRoot()
        return Float(normal * Double(scale[at]) + Double(bias[at]))
      }
      let answer = try Run.node(
        isInstance ? "InstanceNormalization" : "GroupNormalization",
        [x, .init(fp32: scale, shape: [count]), .init(fp32: bias, shape: [count])],
        attributes: isInstance ? [:] : ["num_groups": .int(Int64(groups))], opset: opset)[0]
      // The mean is rounded to 2e-6 of a deviation of 0.3; scales are up to 3.5.
      #expect(isClose(answer.floats, expected, 1e-4), "\(groups) groups, opset \(opset)")
    }
  }

  @Test(arguments: [true, false]) func uniqueElementsCountAndFindTheirPlace(_ isSorted: Bool) throws
  {
    func check<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ dataType: DataType) throws
    {
      let values: [T] = [7, 3, 7, 1, 3, 9, 7, 2]
      let found = try Run.node(
        "Unique", [Tensor(values, shape: [2, 4], dataType: dataType)],
        attributes: ["sorted": .int(isSorted ? 1 : 0)], outputs: 4)
      #expect(found[0].elements(as: T.self) == (isSorted ? [1, 2, 3, 7, 9] : [7, 3, 1, 9, 2]))
      #expect(found[1].integers == (isSorted ? [3, 7, 1, 0, 5] : [0, 1, 3, 5, 7]))
      #expect(
        found[2].integers == (isSorted ? [3, 2, 3, 0, 2, 4, 3, 1] : [0, 1, 0, 2, 1, 3, 0, 4]))
      #expect(found[3].integers == (isSorted ? [1, 1, 2, 3, 1] : [3, 2, 1, 1, 1]))
    }
    try check(UInt8.self, .uint8)
    try check(Int32.self, .int32)
    try check(Int64.self, .int64)
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
