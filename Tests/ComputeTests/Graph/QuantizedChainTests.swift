import TestSupport
import Testing

@testable import Compute

/// Dequantised operators between quantised values run on bytes, and answer the same but for a
/// quantum where floats round otherwise.
@Suite struct QuantizedChainTests {
  private var graph = Graph(opsets: ["": 17])
  private var random = SplitMix64(state: 21)

  private mutating func add(
    _ opType: String, _ inputs: [String], _ attributes: [String: Attribute] = [:]
  ) -> String {
    let output = "\(opType)\(graph.nodes.count)"
    graph.nodes.append(
      Node(opType: opType, inputs: inputs, outputs: [output], attributes: attributes))
    return output
  }

  private mutating func constant(_ tensor: Tensor) -> String {
    let name = "constant\(graph.initializers.count)"
    graph.initializers[name] = tensor
    return name
  }

  private mutating func scale(_ value: Float) -> String {
    constant(Tensor(fp32: [value], shape: []))
  }

  private mutating func zero(_ value: UInt8) -> String {
    constant(Tensor([value], shape: [], dataType: .uint8))
  }

  /// There and back.
  private mutating func quantized(_ name: String, _ scale: Float, _ zero: UInt8) -> String {
    let parameters = [self.scale(scale), self.zero(zero)]
    let bytes = add("QuantizeLinear", [name] + parameters)
    return add("DequantizeLinear", [bytes] + parameters)
  }

  /// Weights per filter and a bias, on the product's scale times `off`.
  private mutating func parameters(
    _ shape: [Int], _ input: Float, axis: Int = 0, off: Float = 1
  ) -> [String] {
    let count = shape[axis]
    let values = (0..<shape.reduce(1, *)).map { _ in Int8.random(in: -128...127, using: &random) }
    let scales = (0..<count).map { 0.01 + 0.001 * Float($0) }
    let bias = (0..<count).map { _ in Int32.random(in: -500...500, using: &random) }
    return [
      add(
        "DequantizeLinear",
        [
          constant(Tensor(values, shape: shape, dataType: .int8)),
          constant(Tensor(fp32: scales, shape: [count])),
          constant(Tensor([Int8](repeating: 0, count: count), shape: [count], dataType: .int8)),
        ], ["axis": .int(Int64(axis))]),
      add(
        "DequantizeLinear",
        [
          constant(Tensor(bias, shape: [count], dataType: .int32)),
          constant(Tensor(fp32: scales.map { $0 * input * off }, shape: [count])),
          constant(Tensor([Int32](repeating: 0, count: count), shape: [count], dataType: .int32)),
        ], ["axis": .int(0)]),
    ]
  }

  /// Compares with no pass at all, and lists the operators that are left.
  private mutating func check(
    _ output: String, shape: [Int], quantum: Float, becomes expected: [String: Int]
  ) throws {
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: shape)]
    graph.outputs = [.init(name: output, dataType: .fp32, shape: nil)]
    let x = Tensor.random(shape, &random)
    let plain = try Run.graph(graph, [x], passes: [])[0]
    let model = try Model(graph)
    let got = try Run.run(model, [x])[0]
    #expect(got.shape == plain.shape)
    let distances = zip(got.floats, plain.floats).map { abs($0 - $1) }
    #expect(distances.allSatisfy { $0 <= quantum * 1.01 })
    // The rest are ties that floats have rounded the other way.
    #expect(distances.filter { $0 > 0 }.count * 50 <= distances.count)
    let steps = try Run.withViews([x][...], []) { views in
      try model.withContext { try $0.profile(views, count: 1, clock: { 0 }) }
    }
    var names = Dictionary(grouping: steps, by: \.operatorName).mapValues(\.count)
    for layout in ["martlet.ToNHWC", "martlet.ToNCHW"] { names[layout] = nil }
    #expect(names == expected)
  }

  @Test(arguments: [1, 6]) func aNetworkRunsOnBytes(_ groups: Int) throws {
    var test = QuantizedChainTests()
    let x = test.quantized("x", 0.008, 128)
    let first = test.add(
      "Conv", [x] + test.parameters([6, 6 / groups, 3, 3], 0.008),
      ["pads": .ints([1, 1, 1, 1]), "group": .int(Int64(groups))])
    let y = test.quantized(test.add("Relu", [first]), 0.02, 0)
    let second = test.quantized(
      test.add("Conv", [y] + test.parameters([6, 6, 1, 1], 0.02)), 0.05, 100)
    let sum = test.quantized(test.add("Add", [second, x]), 0.06, 90)
    let pooled = test.quantized(
      test.add("MaxPool", [sum], ["kernel_shape": .ints([2, 2]), "strides": .ints([2, 2])]),
      0.06, 90)
    let mean = test.quantized(test.add("GlobalAveragePool", [pooled]), 0.03, 80)
    let flat = test.quantized(test.add("Flatten", [mean]), 0.03, 80)
    let dense = test.quantized(
      test.add("Gemm", [flat] + test.parameters([5, 6], 0.03), ["transB": .int(1)]), 0.02, 128)
    try test.check(
      dense, shape: [2, 6, 8, 8], quantum: 0.1,
      becomes: [
        "QuantizeLinear": 1, "martlet.QLinearConvNHWC": 2, "martlet.QLinearAdd": 1,
        "martlet.MaxPoolNHWC": 1, "martlet.QLinearGlobalAveragePool": 1,
        "martlet.QLinearGemm": 1, "DequantizeLinear": 1,
      ])
  }

  @Test func sumsOfStretchedImagesEqualTheNodes() throws {
    var test = QuantizedChainTests()
    let x = test.quantized("x", 0.008, 128)
    let other = test.constant(
      Tensor((0..<6).map { UInt8($0 * 40) }, shape: [1, 6, 1, 1], dataType: .uint8))
    let row = test.add("DequantizeLinear", [other, test.scale(0.01), test.zero(100)])
    let sum = test.quantized(test.add("Add", [x, row]), 0.02, 128)
    try test.check(
      sum, shape: [2, 6, 3, 3], quantum: 0.02,
      becomes: ["QuantizeLinear": 1, "martlet.QLinearAdd": 1, "DequantizeLinear": 1])
  }

  @Test(arguments: [
    ["Sigmoid"], ["HardSwish"], ["Relu"], ["LeakyRelu"], ["Tanh", "Abs"], ["Clip"], [],
  ])
  func functionsOfOneNumberAreTables(_ functions: [String]) throws {
    var test = QuantizedChainTests()
    var value = test.quantized("x", 0.008, 128)
    for name in functions {
      let bounds = name == "Clip" ? [test.scale(-0.3), test.scale(0.4)] : []
      value = test.add(name, [value] + bounds)
    }
    try test.check(
      test.quantized(value, 0.011, 60), shape: [40, 7], quantum: 0,
      becomes: ["QuantizeLinear": 1, "martlet.ByteTable": 1, "DequantizeLinear": 1])
  }

  @Test func aFunctionThatOthersReadStaysOne() throws {
    var test = QuantizedChainTests()
    let x = test.quantized("x", 0.008, 128)
    let value = test.add("Sigmoid", [x])
    let y = test.quantized(value, 0.004, 0)
    try test.check(
      test.add("Mul", [y, value]), shape: [4, 3], quantum: 0,
      becomes: ["QuantizeLinear": 2, "Sigmoid": 1, "DequantizeLinear": 2, "Mul": 1])
  }

  /// Images stay in NHWC, and those on the result's scale go as they are.
  @Test func imagesOnSeveralScalesAreJoinedAsBytes() throws {
    var test = QuantizedChainTests()
    let x = test.quantized("x", 0.008, 128)
    let parts = [(0.02, 100), (0.03, 90)].map { scale, zero in
      let convolution = test.add("Conv", [x] + test.parameters([4, 3, 1, 1], 0.008))
      return test.quantized(convolution, Float(scale), UInt8(zero))
    }
    let joined = test.quantized(test.add("Concat", parts, ["axis": .int(1)]), 0.02, 100)
    try test.check(
      joined, shape: [1, 3, 9, 8], quantum: 0.03,
      becomes: [
        "QuantizeLinear": 1, "martlet.QLinearConvNHWC": 2, "martlet.ByteTable": 1, "Concat": 1,
        "DequantizeLinear": 1,
      ])
  }

  @Test func aReluThatCutsIsNotDropped() throws {
    var test = QuantizedChainTests()
    let x = test.quantized("x", 0.008, 128)
    let convolution = test.add("Conv", [x] + test.parameters([4, 3, 1, 1], 0.008))
    let y = test.quantized(test.add("Relu", [convolution]), 0.02, 7)
    try test.check(
      y, shape: [1, 3, 5, 5], quantum: 0.02,
      becomes: [
        "QuantizeLinear": 2, "DequantizeLinear": 2, "martlet.ConvNHWC": 1,
      ])
  }

  @Test func aBiasOnAnotherScaleStaysFloat() throws {
    var test = QuantizedChainTests()
    let x = test.quantized("x", 0.008, 128)
    let convolution = test.add("Conv", [x] + test.parameters([4, 3, 1, 1], 0.008, off: 1.5))
    try test.check(
      test.quantized(convolution, 0.02, 7), shape: [1, 3, 5, 5], quantum: 0.02,
      becomes: ["QuantizeLinear": 2, "DequantizeLinear": 2, "martlet.ConvNHWC": 1])
  }

  @Test func movingToAnotherScaleIsNoMovement() throws {
    var test = QuantizedChainTests()
    let x = test.quantized("x", 0.008, 128)
    let turned = test.add("Transpose", [x], ["perm": .ints([1, 0])])
    try test.check(
      test.quantized(turned, 0.009, 128), shape: [4, 3], quantum: 0.009,
      becomes: ["QuantizeLinear": 2, "DequantizeLinear": 2, "Transpose": 1])
  }

  @Test func dynamicallyQuantizedProductsAreScaledAtOnce() throws {
    var test = QuantizedChainTests()
    let names = ["q", "s", "z"]
    test.graph.nodes.append(Node(opType: "DynamicQuantizeLinear", inputs: ["x"], outputs: names))
    let values = (0..<20 * 9).map { _ in Int8.random(in: -128...127, using: &test.random) }
    let weight = test.constant(Tensor(values, shape: [20, 9], dataType: .int8))
    let zero = test.constant(Tensor([Int8(0)], shape: [], dataType: .int8))
    let sums = test.add("MatMulInteger", ["q", weight, "z", zero])
    let scale = test.add("Mul", ["s", test.scale(0.01)])
    let scaled = test.add("Mul", [test.add("Cast", [sums], ["to": .int(1)]), scale])
    let bias = test.constant(Tensor.random([9], &test.random))
    try test.check(
      test.add("Add", [bias, scaled]), shape: [2, 3, 20], quantum: 1e-5,
      becomes: ["DynamicQuantizeLinear": 1, "Mul": 1, "martlet.MatMulIntegerToFloat": 1])
  }

  @Test func aProductThatIsReadTwiceIsLeftAlone() throws {
    var test = QuantizedChainTests()
    let values = (0..<6).map { Int8($0 * 20 - 60) }
    let weight = test.constant(Tensor(values, shape: [3, 2], dataType: .int8))
    test.graph.nodes.append(
      Node(opType: "DynamicQuantizeLinear", inputs: ["x"], outputs: ["q", "s", "z"]))
    let sums = test.add("MatMulInteger", ["q", weight, "z"])
    let numbers = test.add("Cast", [sums], ["to": .int(1)])
    let scaled = test.add("Mul", [numbers, "s"])
    try test.check(
      test.add("Add", [scaled, numbers]), shape: [4, 3], quantum: 1e-4,
      becomes: [
        "DynamicQuantizeLinear": 1, "MatMulInteger": 1, "Cast": 1, "Mul": 1, "Add": 1,
      ])
  }
}
