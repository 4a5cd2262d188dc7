import Compute
import TestSupport
import Testing

/// What passes make of several operators: it is really made, and answers the same.
@Suite struct FusionTests {
  private var graph = Graph()
  private var random = SplitMix64(state: 11)

  private init() {}

  private mutating func add(
    _ opType: String, _ inputs: String..., attributes: [String: Attribute] = [:]
  ) -> String {
    let output = "\(opType)\(graph.nodes.count)"
    graph.nodes.append(
      Node(opType: opType, inputs: inputs, outputs: [output], attributes: attributes))
    return output
  }

  private mutating func number(_ value: Float) -> String {
    let name = "number\(graph.initializers.count)"
    graph.initializers[name] = Tensor(fp32: [value], shape: [])
    return name
  }

  private mutating func weight(_ shape: Int..., above low: Float? = nil) -> String {
    let name = "weight\(graph.initializers.count)"
    var tensor = Tensor.random(shape, &random)
    if let low { tensor = Tensor(fp32: tensor.floats.map { abs($0) + low }, shape: shape) }
    graph.initializers[name] = tensor
    return name
  }

  private mutating func input(_ name: String, _ shape: Int...) -> String {
    graph.inputs.append(.init(name: name, dataType: .fp32, shape: shape))
    return name
  }

  /// Compares the whole compiler with none of it, and counts the operators that are left.
  private mutating func check(
    _ output: String, shapes: [[Int]], becomes expected: [String: Int]
  ) throws {
    graph.outputs = [.init(name: output, dataType: .fp32, shape: nil)]
    let inputs = shapes.map { shape in
      var tensor = Tensor.random(shape, &random)
      tensor = Tensor(fp32: tensor.floats.map { $0 * 3 }, shape: shape)
      return tensor
    }
    let plain = try Run.graph(graph, inputs, passes: [])
    let model = try Model(graph)
    let fused = try Run.run(model, inputs)
    #expect(fused[0].shape == plain[0].shape)
    #expect(isClose(fused[0].floats, plain[0].floats, 2e-5))
    let steps = try Run.withViews(inputs[...], []) { views in
      try model.withContext { try $0.profile(views, count: 1, clock: { 0 }) }
    }
    #expect(Dictionary(grouping: steps, by: \.operatorName).mapValues(\.count) == expected)
  }

  @Test(arguments: [true, false])
  func primitivesBecomeOneLayerNormalization(_ usesPow: Bool) throws {
    var test = FusionTests()
    let x = test.input("x", -1, -1, 20)
    let mean = test.add("ReduceMean", x, attributes: ["axes": .ints([-1])])
    let centred = test.add("Sub", x, mean)
    let squares =
      usesPow
      ? test.add("Pow", centred, test.number(2)) : test.add("Mul", centred, centred)
    let variance = test.add("ReduceMean", squares, attributes: ["axes": .ints([-1])])
    let root = test.add("Sqrt", test.add("Add", variance, test.number(1e-3)))
    let scaled = test.add("Mul", test.add("Div", centred, root), test.weight(20))
    let y = test.add("Add", test.weight(20), scaled)
    try test.check(y, shapes: [[2, 3, 20]], becomes: ["LayerNormalization": 1])
  }

  @Test(arguments: 0..<3) func productsByErfBecomeGelu(_ form: Int) throws {
    var test = FusionTests()
    let x = test.input("x", -1, 7)
    let erf = test.add("Erf", test.add("Div", x, test.number(Float(2).squareRoot())))
    let gate = test.add("Add", erf, test.number(1))
    let half = test.number(0.5)
    let y =
      switch form {
      case 0: test.add("Mul", test.add("Mul", x, gate), half)
      case 1: test.add("Mul", test.add("Mul", x, half), gate)
      default: test.add("Mul", x, test.add("Mul", half, gate))
      }
    try test.check(y, shapes: [[5, 7]], becomes: ["Gelu": 1])
  }

  @Test func productsByTanhBecomeGelu() throws {
    var test = FusionTests()
    let x = test.input("x", -1, 7)
    let cubic = test.add("Mul", test.add("Pow", x, test.number(3)), test.number(0.044715))
    let inner = test.add("Mul", test.add("Add", x, cubic), test.number(0.7978845608))
    let gate = test.add("Add", test.add("Tanh", inner), test.number(1))
    let y = test.add("Mul", test.add("Mul", test.number(0.5), x), gate)
    try test.check(y, shapes: [[5, 7]], becomes: ["Gelu": 1])
  }

  /// As JAX writes the cube; and a cube of something else, which is no Gelu.
  @Test(arguments: [0, 1, 2])
  func theCubeOfAGeluMayBeProducts(_ form: Int) throws {
    var test = FusionTests()
    let (x, other) = (test.input("x", -1, 7), test.input("other", -1, 7))
    let factor = test.number(0.044715)
    let cubic =
      switch form {
      case 0: test.add("Mul", x, test.add("Mul", x, test.add("Mul", factor, x)))
      case 1: test.add("Mul", test.add("Mul", test.add("Mul", x, x), x), factor)
      default: test.add("Mul", x, test.add("Mul", other, test.add("Mul", factor, x)))
      }
    let inner = test.add("Mul", test.number(0.7978845608), test.add("Add", x, cubic))
    let gate = test.add("Add", test.number(1), test.add("Tanh", inner))
    let product = test.add("Mul", x, test.add("Mul", test.number(0.5), gate))
    let y = form == 2 ? product : test.add("Add", product, other)
    try test.check(
      y, shapes: [[5, 7], [5, 7]],
      becomes: form == 2 ? ["Tanh": 1, "Mul": 6, "Add": 2] : ["Gelu": 1, "Add": 1])
  }

  /// What picks rows of a matrix that is not like the others.
  enum Picked: CaseIterable { case rows, withBias, stretched, fromOne, infinite, wide }

  @Test(arguments: Picked.allCases) func oneHotProductsBecomeLookups(_ picked: Picked) throws {
    var test = FusionTests()
    // Some numbers are outside the matrix; those of several columns are no one-hot rows.
    let x = test.input("x", -1, 9, picked == .wide ? 3 : 1)
    var numbers = test.add("Cast", x, attributes: ["to": .int(6)])
    if picked == .stretched {
      for (name, value) in [("zero", Int64(0)), ("one", 1), ("two", 2)] {
        test.graph.initializers[name] = Tensor(int64: [value], shape: [1])
      }
      // A shape of which only rank and end are known at load.
      let sizes = test.add("Slice", test.add("Shape", x), "zero", "two")
      let shape = test.add("Concat", sizes, "one", attributes: ["axis": .int(0)])
      numbers = test.add("Expand", numbers, shape)
    }
    let first: Int32 = picked == .fromOne ? 1 : 0
    test.graph.initializers["row"] = Tensor(
      [first, first + 1, first + 2], shape: [1, 3], dataType: .int32)
    let equal = test.add("Equal", "row", numbers)
    let weight = test.weight(3, 5)
    if picked == .infinite {
      test.graph.initializers[weight] = Tensor(
        fp32: [Float](repeating: .infinity, count: 15), shape: [3, 5])
    }
    let product = test.add("MatMul", test.add("Cast", equal, attributes: ["to": .int(1)]), weight)
    let y = picked == .withBias ? test.add("Add", test.weight(1, 1, 5), product) : product
    let expected =
      switch picked {
      case .rows, .withBias: ["Cast": 1, "martlet.RowLookup": 1]
      case .stretched: ["Cast": 1, "Expand": 1, "martlet.RowLookup": 1]
      default: ["Cast": 2, "Equal": 1, "MatMul": 1]
      }
    try test.check(y, shapes: [[2, 9, picked == .wide ? 3 : 1]], becomes: expected)
  }

  @Test func transpositionsBehindEachOtherBecomeOneOrNone() throws {
    var test = FusionTests()
    let x = test.add("Relu", test.input("x", -1, 3, 5, 1))
    let turned = test.add("Transpose", x, attributes: ["perm": .ints([0, 2, 1, 3])])
    let y = test.add("Transpose", turned, attributes: ["perm": .ints([0, 2, 3, 1])])
    try test.check(y, shapes: [[2, 3, 5, 1]], becomes: ["Relu": 1])
    test = FusionTests()
    let z = test.input("x", 2, 3, 4, 5)
    let first = test.add("Transpose", z, attributes: ["perm": .ints([0, 2, 3, 1])])
    let second = test.add("Transpose", first, attributes: ["perm": .ints([0, 2, 3, 1])])
    try test.check(second, shapes: [[2, 3, 4, 5]], becomes: ["Transpose": 1])
    test = FusionTests()
    let w = test.input("x", 2, 3, 4, 5)
    let third = test.add("Transpose", w, attributes: ["perm": .ints([0, 2, 1, 3])])
    let reversed = test.add("Transpose", third)
    // One turn of both would be slower.
    try test.check(reversed, shapes: [[2, 3, 4, 5]], becomes: ["Transpose": 2])
  }

  @Test func productsWithGatesBecomeSiLUAndHardSwish() throws {
    var test = FusionTests()
    let x = test.input("x", -1, 9)
    let silu = test.add("Mul", test.add("Sigmoid", x), x)
    let three = test.add("Add", silu, test.number(3))
    let clip = test.add("Clip", three, test.number(0), test.number(6))
    let y = test.add("Div", test.add("Mul", silu, clip), test.number(6))
    try test.check(y, shapes: [[4, 9]], becomes: ["martlet.Silu": 1, "HardSwish": 1])
  }

  @Test func aGateOfAnotherValueStaysAProduct() throws {
    var test = FusionTests()
    let (x, other) = (test.input("x", -1, 9), test.input("other", -1, 9))
    let y = test.add("Mul", test.add("Sigmoid", x), other)
    try test.check(y, shapes: [[4, 9], [4, 9]], becomes: ["Sigmoid": 1, "Mul": 1])
  }

  @Test(arguments: [1, 17, 130])
  func productSoftmaxProductBecomesAttention(_ length: Int) throws {
    var test = FusionTests()
    let names = ["q", "k", "v"].map { test.input($0, -1, -1, 3, 8) }
    let mask = test.input("mask", -1, 1, 1, -1)
    let query = test.add("Transpose", names[0], attributes: ["perm": .ints([0, 2, 1, 3])])
    let key = test.add("Transpose", names[1], attributes: ["perm": .ints([0, 2, 3, 1])])
    let value = test.add("Transpose", names[2], attributes: ["perm": .ints([0, 2, 1, 3])])
    let scores = test.add("Div", test.add("MatMul", query, key), test.number(Float(8).squareRoot()))
    let shares = test.add(
      "Softmax", test.add("Add", scores, mask), attributes: ["axis": .int(-1)])
    let y = test.add(
      "Transpose", test.add("MatMul", shares, value), attributes: ["perm": .ints([0, 2, 1, 3])])
    let shape = [2, length, 3, 8]
    try test.check(
      y, shapes: [[2, 5, 3, 8], shape, shape, [2, 1, 1, length]],
      becomes: ["martlet.Attention": 1])
  }

  @Test func attentionOfOneSharedHeadStretchesIt() throws {
    var test = FusionTests()
    let query = test.input("q", -1, 4, -1, 8)
    let (key, value) = (test.input("k", -1, 1, 8, -1), test.input("v", -1, 1, -1, 6))
    let shares = test.add("Softmax", test.add("MatMul", query, key), attributes: ["axis": .int(3)])
    try test.check(
      test.add("MatMul", shares, value), shapes: [[2, 4, 3, 8], [2, 1, 8, 5], [2, 1, 5, 6]],
      becomes: ["martlet.Attention": 1])
  }

  @Test func aMaskOfMoreBatchesThanItsScoresStretchesThem() throws {
    var test = FusionTests()
    let (query, key) = (test.input("q", -1, -1, -1, 8), test.input("k", -1, -1, 8, -1))
    let (value, mask) = (test.input("v", -1, -1, -1, 6), test.input("mask", -1, -1, 1, -1))
    let scores = test.add("Add", test.add("MatMul", query, key), mask)
    let shares = test.add("Softmax", scores, attributes: ["axis": .int(-1)])
    try test.check(
      test.add("MatMul", shares, value),
      shapes: [[1, 2, 3, 8], [1, 2, 8, 5], [1, 1, 5, 6], [3, 2, 1, 5]],
      becomes: ["martlet.Attention": 1])
  }

  @Test(arguments: [(0, 5), (8, 0)]) func attentionOverNothingIsWhatItsPartsAre(
    _ depth: Int, _ length: Int
  ) throws {
    var test = FusionTests()
    let (query, key) = (test.input("q", -1, -1, -1, -1), test.input("k", -1, -1, -1, -1))
    let value = test.input("v", -1, -1, -1, -1)
    let shares = test.add("Softmax", test.add("MatMul", query, key), attributes: ["axis": .int(-1)])
    try test.check(
      test.add("MatMul", shares, value),
      shapes: [[1, 2, 3, depth], [1, 2, depth, length], [1, 2, length, 6]],
      becomes: ["martlet.Attention": 1])
  }

  @Test func anOldSoftmaxOverAllAxesIsNoAttention() throws {
    var test = FusionTests()
    test.graph.opsets = ["": 11]
    let (query, key) = (test.input("q", -1, 2, 3, 8), test.input("k", -1, 2, 8, 5))
    let shares = test.add("Softmax", test.add("MatMul", query, key))
    try test.check(
      test.add("MatMul", shares, test.input("v", -1, 2, 5, 6)),
      shapes: [[1, 2, 3, 8], [1, 2, 8, 5], [1, 2, 5, 6]], becomes: ["MatMul": 2, "Softmax": 1])
  }

  @Test func aDivisionByNoVarianceIsNotFolded() throws {
    var test = FusionTests()
    let convolution = test.add("Conv", test.input("x", -1, 3, 6, 6), test.weight(4, 3, 3, 3))
    let variance = "variance"
    test.graph.initializers[variance] = Tensor(fp32: [1, 0, 1, 1], shape: [4])
    let y = test.add(
      "BatchNormalization", convolution, test.weight(4), test.weight(4), test.weight(4), variance,
      attributes: ["epsilon": .float(0)])
    // An infinite factor in the weights would add infinities of both signs to what is no number.
    try test.check(
      y, shapes: [[2, 3, 6, 6]],
      becomes: [
        "martlet.ToNHWC": 1, "martlet.ConvNHWC": 1, "martlet.ToNCHW": 1, "BatchNormalization": 1,
      ])
  }

  @Test func aLongChainBehindAConvolutionIsFoldedAtOnce() throws {
    var test = FusionTests()
    var y = test.add("Conv", test.input("x", -1, 3, 6, 6), test.weight(4, 3, 3, 3))
    for index in 0..<40 {
      y = test.add(index % 2 == 0 ? "Mul" : "Add", y, test.number(index % 4 == 0 ? 2 : 0.5))
    }
    try test.check(
      y, shapes: [[2, 3, 6, 6]],
      becomes: ["martlet.ToNHWC": 1, "martlet.ConvNHWC": 1, "martlet.ToNCHW": 1])
  }

  @Test func whatFollowsAConvolutionPerChannelIsFolded() throws {
    var test = FusionTests()
    let x = test.input("x", -1, 3, 6, 6)
    let convolution = test.add("Conv", x, test.weight(4, 3, 3, 3))
    let normalized = test.add(
      "BatchNormalization", convolution, test.weight(4), test.weight(4), test.weight(4),
      test.weight(4, above: 0.5))
    let scaled = test.add("Mul", normalized, test.weight(1, 4, 1, 1))
    let y = test.add("Relu", test.add("Add", test.weight(4, 1, 1), scaled))
    try test.check(
      y, shapes: [[2, 3, 6, 6]],
      becomes: ["martlet.ToNHWC": 1, "martlet.ConvNHWC": 1, "martlet.ToNCHW": 1])
  }

  @Test func aSumAlongAnotherAxisIsNotFolded() throws {
    var test = FusionTests()
    let convolution = test.add("Conv", test.input("x", -1, 3, 6, 6), test.weight(4, 3, 3, 3))
    let y = test.add("Add", convolution, test.weight(4))
    try test.check(
      y, shapes: [[2, 3, 6, 6]],
      becomes: ["martlet.ToNHWC": 1, "martlet.ConvNHWC": 1, "martlet.ToNCHW": 1, "Add": 1])
  }

  @Test func aProductOfAStackTakesItsBias() throws {
    var test = FusionTests()
    let product = test.add("MatMul", test.input("x", -1, -1, 6), test.weight(6, 5))
    let y = test.add("Add", test.weight(5), product)
    try test.check(y, shapes: [[2, 3, 6]], becomes: ["martlet.MatMul": 1])
  }

  @Test func imagesAreScaledByChannelInNHWC() throws {
    var test = FusionTests()
    let x = test.add("Conv", test.input("x", -1, 3, 6, 6), test.weight(4, 3, 1, 1))
    let gate = test.add("Sigmoid", test.add("GlobalAveragePool", x))
    let y = test.add("Conv", test.add("Mul", x, gate), test.weight(2, 4, 1, 1))
    try test.check(
      y, shapes: [[2, 3, 6, 6]],
      becomes: [
        "martlet.ToNHWC": 1, "martlet.ConvNHWC": 2, "martlet.ToNCHW": 1, "ReduceMean": 1,
        "Sigmoid": 1, "Mul": 1,
      ])
  }
}
