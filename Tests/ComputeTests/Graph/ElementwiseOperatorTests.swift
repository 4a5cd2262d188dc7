import Compute
import TestSupport
import Testing

@Suite struct ElementwiseOperatorTests {
  @Test func broadcastingFollowsNumPy() throws {
    let column = Tensor(fp32: [1, 2, 3], shape: [3, 1])
    let row = Tensor(fp32: [10, 20], shape: [2])
    let sum = try Run.node("Add", [column, row])[0]
    #expect(sum.shape == [3, 2])
    #expect(sum.floats == [11, 21, 12, 22, 13, 23])
  }

  @Test func shapesThatDoNotBroadcastAreRefusedWithBoth() {
    let error = #expect(throws: ExecutionError.self) {
      try Run.node("Add", [.init(fp32: [1, 2, 3], shape: [3]), .init(fp32: [1, 2], shape: [2])])
    }
    #expect(error?.code == .shapeMismatch)
    #expect(error?.node == "node")
    #expect(error?.message.contains("[3]") == true && error?.message.contains("[2]") == true)
  }

  @Test(arguments: 0..<40)
  func randomBroadcastsEqualTheDefinition(_ seed: Int) throws {
    var random = SplitMix64(state: UInt64(seed))
    let rank = Int.random(in: 0...4, using: &random)
    let output = (0..<rank).map { _ in Int.random(in: 0...5, using: &random) }
    func operand() -> Tensor {
      let dropped = Int.random(in: 0...rank, using: &random)
      let shape = output.dropFirst(dropped).map { Bool.random(using: &random) ? $0 : 1 }
      return .random(shape, &random)
    }
    let (left, right) = (operand(), operand())
    let got = try Run.node("Sub", [left, right])[0]
    let (a, b) = (left.floats, right.floats)
    var expected: [Float] = []
    for flat in 0..<got.shape.reduce(1, *) {
      func offset(_ shape: [Int]) -> Int {
        var (rest, offset, stride) = (flat, 0, 1)
        for axis in got.shape.indices.reversed() {
          let index = rest % got.shape[axis]
          rest /= got.shape[axis]
          let own = axis - (got.shape.count - shape.count)
          if own >= 0 {
            if shape[own] != 1 { offset += index * stride }
            stride *= shape[own]
          }
        }
        return offset
      }
      expected.append(a[offset(left.shape)] - b[offset(right.shape)])
    }
    #expect(got.floats == expected, "seed \(seed)")
  }

  @Test func integersWrapAndNeverTrap() throws {
    let low = Tensor([Int32.min, 7, 1], shape: [3], dataType: .int32)
    let divisor = Tensor([Int32(-1), 0, 2], shape: [3], dataType: .int32)
    let quotient = try Run.node("Div", [low, divisor])[0].elements(as: Int32.self)
    #expect(quotient == [Int32.min, 0, 0])
    let bytes = Tensor([Int8(127), -128], shape: [2], dataType: .int8)
    let ones = Tensor([Int8(1), 1], shape: [2], dataType: .int8)
    #expect(try Run.node("Add", [bytes, ones])[0].elements(as: Int8.self) == [-128, -127])
    #expect(try Run.node("Sub", [bytes, ones])[0].elements(as: Int8.self) == [126, 127])
  }

  @Test func sixteenBitFloatsAddInSinglePrecision() throws {
    // 1.5 and 2.25 in BF16 and FP16.
    let brain = Tensor([UInt16(0x3FC0), 0x4010], shape: [2], dataType: .bf16)
    #expect(try Run.node("Add", [brain, brain])[0].elements(as: UInt16.self) == [0x4040, 0x4090])
    let half = Tensor([UInt16(0x3E00), 0x4080], shape: [2], dataType: .fp16)
    #expect(try Run.node("Add", [half, half])[0].elements(as: UInt16.self) == [0x4200, 0x4480])
  }

  @Test func activationsHaveTheirDefinitions() throws {
    let x = Tensor(fp32: [-2, -0.5, 0, 1, 3], shape: [5])
    #expect(try Run.node("Relu", [x])[0].floats == [0, 0, 0, 1, 3])
    #expect(
      try Run.node("LeakyRelu", [x], attributes: ["alpha": .float(0.1)])[0].floats
        == [-0.2, -0.05, 0, 1, 3])
    #expect(
      isClose(
        try Run.node("Sigmoid", [x])[0].floats,
        [0.11920292, 0.37754067, 0.5, 0.7310586, 0.95257413]))
    #expect(
      isClose(
        try Run.node("Tanh", [x])[0].floats, [-0.9640276, -0.46211717, 0, 0.7615942, 0.9950548]))
    #expect(
      isClose(
        try Run.node("Gelu", [x], opset: 20)[0].floats,
        [-0.04550026, -0.15426877, 0, 0.8413447, 2.9959502]))
  }

  @Test func clipTakesBoundsFromAttributesAndInputs() throws {
    let x = Tensor(fp32: [-2, 0.5, 9], shape: [3])
    let old = try Run.node(
      "Clip", [x], attributes: ["min": .float(0), "max": .float(1)], opset: 10)
    #expect(old[0].floats == [0, 0.5, 1])
    let new = try Run.node("Clip", [x, nil, Tensor(fp32: [6], shape: [])])
    #expect(new[0].floats == [-2, 0.5, 6])
  }

  @Test func comparisonsAndLogicGiveBooleans() throws {
    let x = Tensor(fp32: [1, 2, .nan], shape: [3])
    let y = Tensor(fp32: [2], shape: [1])
    #expect(try Run.node("Less", [x, y])[0].flags == [1, 0, 0])
    #expect(try Run.node("Equal", [x, y])[0].flags == [0, 1, 0])
    // A client's true may be any byte but 0.
    let flags = Tensor([UInt8(0), 2, 255], shape: [3], dataType: .bool)
    #expect(try Run.node("Not", [flags])[0].flags == [1, 0, 0])
    let choice = try Run.node("Where", [flags, x, y])[0].floats
    #expect(choice[0] == 2 && choice[1] == 2 && choice[2].isNaN)
  }

  @Test func castsBetweenNumbersAndText() throws {
    let text = Tensor(strings: ["42", "-1.5", "1e3"].map { Array($0.utf8) }, shape: [3])
    let numbers = try Run.node("Cast", [text], attributes: ["to": .int(1)])[0]
    #expect(numbers.floats == [42, -1.5, 1000])
    let back = try Run.node("Cast", [numbers], attributes: ["to": .int(8)])[0]
    #expect(back.strings == ["42.0", "-1.5", "1000.0"])
    let wide = try Run.node("Cast", [numbers], attributes: ["to": .int(7)])[0]
    #expect(wide.integers == [42, -1, 1000])
    let halves = try Run.node("Cast", [numbers], attributes: ["to": .int(10)])[0]
    #expect(
      halves.elements(as: UInt16.self)
        == [Float16(42), -1.5, 1000].map { $0.bitPattern })
  }

  @Test func textThatIsNoNumberFailsTheCallNotTheProcess() {
    let text = Tensor(strings: [Array("seven".utf8)], shape: [1])
    let error = #expect(throws: ExecutionError.self) {
      try Run.node("Cast", [text], attributes: ["to": .int(7)])
    }
    #expect(error?.code == .invalidValue)
    #expect(error?.message.contains("seven") == false)
  }

  @Test func largeIntegersKeepEveryDigitWhenCast() throws {
    let big = Tensor(int64: [9_007_199_254_740_993, -1], shape: [2])
    let unsigned = try Run.node("Cast", [big], attributes: ["to": .int(13)])[0]
    #expect(unsigned.elements(as: UInt64.self) == [9_007_199_254_740_993, UInt64.max])
  }
}
