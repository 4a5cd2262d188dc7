import TestSupport
import Testing

@testable import Compute

/// Operators whose FP32 form is another one than that of the other types: they must agree.
@Suite struct FastFormTests {
  private func doubles(_ tensor: Tensor) -> Tensor {
    Tensor(tensor.floats.map(Double.init), shape: tensor.shape, dataType: .fp64)
  }

  @Test(arguments: [
    "bqhd,bkhd->bhqk", "bij,jk->bik", "ij,jk", "ij,kj->ki", "bhqk,bkhd->bqhd", "i,j->ji", "i,i->",
    "ab,ab->ab", "abc,cd->abd", "...ij,...jk->...ik", "ij,ij->i", "abcd,cb->da",
    // No products of matrices: they keep their loops.
    "ii,ij->ij", "ij,jk->k", "ijk->kij",
  ])
  func einsumsOfFloatsAreThoseOfDoubles(_ equation: String) throws {
    var random = SplitMix64(state: 20_261_126)
    let sizes: [Character: Int] = [
      "a": 3, "b": 2, "c": 4, "d": 5, "h": 2, "i": 3, "j": 5, "k": 4, "q": 3,
    ]
    let terms = equation.split(separator: "->")[0].split(separator: ",")
    let inputs = terms.map { term in
      let shape = (term.hasPrefix("...") ? [2] : []) + term.compactMap { sizes[$0] }
      return Tensor.random(shape, &random)
    }
    let attributes = ["equation": Attribute.string(Array(equation.utf8))]
    let single = try Run.node("Einsum", inputs, attributes: attributes)[0]
    let double = try Run.node("Einsum", inputs.map(doubles), attributes: attributes)[0]
    #expect(single.shape == double.shape)
    #expect(isClose(single.floats, double.elements(as: Double.self).map { Float($0) }, 1e-5))
  }

  @Test(arguments: [
    "Sign", "Round", "Softplus", "Softsign", "Mish", "LeakyRelu", "Elu", "Celu", "Selu",
    "ThresholdedRelu", "Shrink", "HardSigmoid",
  ])
  func functionsOfFloatsAreThoseOfDoubles(_ name: String) throws {
    var values: [Float] = [
      0, -0, .infinity, 1e-30, -1e-30, 0.5, -0.5, 1.5, 2.5, -2.5, 8388609, -8388609, 4_194_304.5,
      100, -100, 1e30, -1e30, -0.0624, -0.0626,
    ]
    values += stride(from: Float(-30), through: 30, by: 0.037)
    let input = Tensor(fp32: values, shape: [values.count])
    let single = try Run.node(name, [input])[0].floats
    let double = try Run.node(name, [doubles(input)])[0].elements(as: Double.self)
    for (value, (got, want)) in zip(values, zip(single, double)) {
      let isRight =
        got == Float(want) || got.isNaN && want.isNaN
        || abs(Double(got) - want) <= 1e-6 * max(abs(want), abs(Double(value)), 0.1)
      #expect(isRight, "\(name)(\(value)): \(got), expected \(want)")
    }
    let odd = try Run.node(name, [Tensor(fp32: [.nan], shape: [1])])[0].floats
    #expect(odd[0].isNaN || ["ThresholdedRelu", "Shrink"].contains(name))
  }

  /// Axes in two runs, of which one is the last; and others, which take the plain way.
  @Test(arguments: [
    "ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd", "ReduceL1", "ReduceL2",
    "ReduceSumSquare", "ReduceLogSum",
  ])
  func reductionsOfFloatsAreThoseOfDoubles(_ name: String) throws {
    var random = SplitMix64(state: 6)
    let shape = [3, 1, 4, 2, 5]
    let values = (0..<120).map { _ in Float.random(in: 0.5...1.5, using: &random) }
    let input = Tensor(fp32: values, shape: shape)
    for axes in [[0, 4], [0, 3, 4], [2, 4], [0, 2], [0, 2, 4], [1, 4], [0, 1, 3]] as [[Int64]] {
      let attributes = ["axes": Attribute.ints(axes)]
      let single = try Run.node(name, [input], attributes: attributes, opset: 11)[0]
      let double = try Run.node(name, [doubles(input)], attributes: attributes, opset: 11)[0]
      #expect(single.shape == double.shape)
      let want = double.elements(as: Double.self).map { Float($0) }
      #expect(isClose(single.floats, want), "\(name) \(axes)")
    }
  }

  /// Whole numbers, fractions, the ends of every type and what lies beyond.
  @Test(arguments: [2, 3, 4, 5, 6, 7] as [Int64])
  func castsOfFloatsAreThoseOfDoubles(_ code: Int64) throws {
    var values: [Float] = [
      0, -0.0, 0.9, -0.9, 1.5, -1.5, 127, 128, 127.5, -128, -128.9, -129, 255, 255.9, 256, 32_767.5,
      32_768, -32_768.5, 65_535.9, 65_536, 2_147_483_520, 2_147_483_648, -2_147_483_648,
      -2_147_483_904, 9.223371e18, 9.223372e18, -9.223372e18, -9.3e18, 1e30, -1e30, .infinity,
      -.infinity, .nan,
    ]
    values += stride(from: Float(-300), through: 300, by: 7.3)
    let input = Tensor(fp32: values, shape: [values.count])
    let attributes = ["to": Attribute.int(code)]
    let single = try Run.node("Cast", [input], attributes: attributes)[0]
    let double = try Run.node("Cast", [doubles(input)], attributes: attributes)[0]
    #expect(single.withView { a in double.withView { a.bytes.elementsEqual($0.bytes) } })
  }

  @Test(arguments: [0, 1, 2] as [Int64], [0, 1, 2, 3])
  func runningSumsAreTheirDefinition(_ axis: Int64, _ form: Int) throws {
    let (isExclusive, isReversed) = (form & 1 == 1, form & 2 == 2)
    let shape = [3, 4, 5]
    let input = Tensor(fp32: (0..<60).map { Float($0 * $0 % 17) }, shape: shape)
    let attributes = [
      "exclusive": Attribute.int(isExclusive ? 1 : 0), "reverse": .int(isReversed ? 1 : 0),
    ]
    let axes = Tensor(int64: [axis], shape: [])
    let got = try Run.node("CumSum", [input, axes], attributes: attributes)[0].floats
    let (size, inner) = (shape[Int(axis)], [20, 5, 1][Int(axis)])
    for index in 0..<60 {
      let place = index / inner % size
      var want: Float = 0
      for other in 0..<size {
        let isBefore = isReversed ? other > place : other < place
        if isBefore || (other == place && !isExclusive) {
          want += input.floats[index + (other - place) * inner]
        }
      }
      #expect(got[index] == want, "at \(index)")
    }
  }

  private func text(_ value: String) -> Attribute { .string(Array(value.utf8)) }

  private func isSame(_ single: Tensor, _ double: Tensor) -> Bool {
    single.shape == double.shape
      && isClose(single.floats, double.elements(as: Double.self).map { Float($0) }, 2e-5)
  }

  @Test(
    arguments: ["nearest", "linear", "cubic"],
    ["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"])
  func resizedFloatsAreThoseOfDoubles(_ mode: String, _ coordinates: String) throws {
    var random = SplitMix64(state: 7)
    for index in 0..<40 {
      let shape = [1, 2, 3, 4].map { Int.random(in: 1...$0 + 4, using: &random) }
      let input = Tensor.random(shape, &random)
      let sizes = shape.enumerated().map { axis, size in
        axis < 2 ? Int64(size) : Int64.random(in: 1...17, using: &random)
      }
      let scales = Tensor(fp32: [1, 1, 2, index % 2 == 0 ? 2 : 0.5], shape: [4])
      let usesScales = index % 3 == 0 && shape[3] > 1
      let nearest = ["floor", "ceil", "round_prefer_floor"][index % 3]
      func resize(_ input: Tensor) throws -> Tensor {
        try Run.node(
          "Resize",
          usesScales
            ? [input, nil, scales] : [input, nil, nil, Tensor(int64: sizes, shape: [4])],
          attributes: [
            "mode": text(mode), "coordinate_transformation_mode": text(coordinates),
            "nearest_mode": text(nearest),
          ], opset: 18, constants: [2, 3])[0]
      }
      #expect(isSame(try resize(input), try resize(doubles(input))), "\(shape) to \(sizes)")
    }
  }

  /// Infinities next to what a place reads do not reach it; places that repeat one of the input repeat its bits.
  @Test(arguments: ["linear", "cubic"])
  func placesThatAreReadAloneAreCopied(_ mode: String) throws {
    var random = SplitMix64(state: 29)
    var values = Tensor.random([16], &random).floats
    values[0] = .infinity
    values[5] = -.infinity
    let scales = Tensor(fp32: [1, 1, 1, 2], shape: [4])
    let output = try Run.node(
      "Resize", [Tensor(fp32: values, shape: [1, 1, 1, 16]), nil, scales],
      attributes: [
        "mode": text(mode), "coordinate_transformation_mode": text("asymmetric"),
      ], opset: 18, constants: [2])[0].floats
    for place in 0..<16 {
      #expect(output[2 * place].bitPattern == values[place].bitPattern, "\(place)")
    }
  }

  /// A place whose only neighbour lies outside, and is excluded, is zero, whatever the input begins with.
  @Test func placesThatReadNothingAreZero() throws {
    let scales = Tensor(fp32: [1, 1, 1, 2], shape: [4])
    let output = try Run.node(
      "Resize", [Tensor(fp32: [.infinity, 1], shape: [1, 1, 1, 2]), nil, scales],
      attributes: [
        "mode": text("nearest"), "nearest_mode": text("floor"),
        "coordinate_transformation_mode": text("half_pixel"), "exclude_outside": .int(1),
      ], opset: 18, constants: [2])[0].floats
    #expect(output == [0, .infinity, .infinity, 1])
  }

  @Test(arguments: [(2, 2, 0), (3, 3, 0), (3, 2, 1), (4, 2, 1), (2, 1, 0), (1, 2, 0)])
  func transposedConvolutionsOfFloatsAreThoseOfDoubles(
    _ kernel: Int, _ stride: Int, _ pad: Int
  ) throws {
    var random = SplitMix64(state: 11)
    for group in [1, 2] {
      let input = Tensor.random([2, 4, 5, 6], &random)
      let weight = Tensor.random([4, 3, kernel, kernel], &random)
      let bias = Tensor.random([3 * group], &random)
      let (s, p) = (Int64(stride), Int64(pad))
      func run(_ inputs: [Tensor], _ passes: ModelOptions.Passes = .all) throws -> Tensor {
        try Run.node(
          "ConvTranspose", inputs,
          attributes: [
            "strides": .ints([s, s]), "pads": .ints([p, p, p, p]), "group": .int(Int64(group)),
          ], constants: [1, 2], passes: passes)[0]
      }
      let single = [input, weight, bias]
      #expect(isSame(try run(single), try run(single.map(doubles))), "\(group) groups")
    }
  }

  @Test func padAndTileMoveWhatTheirDefinitionsSay() throws {
    var random = SplitMix64(state: 20_261_126)
    for _ in 0..<60 {
      let shape = (0..<Int.random(in: 1...3, using: &random)).map { _ in
        Int.random(in: 1...6, using: &random)
      }
      let input = Tensor.random(shape, &random)
      let before = shape.map { _ in Int64.random(in: -1...4, using: &random) }
      let behind = shape.map { _ in Int64.random(in: 0...3, using: &random) }
      let mode = ["constant", "reflect", "edge", "wrap"].randomElement(using: &random)!
      if zip(shape, before).contains(where: { Int64($0) + $1 < 1 }) { continue }
      let padded = try Run.node(
        "Pad", [input, Tensor(int64: before + behind, shape: [2 * shape.count])],
        attributes: ["mode": .string(Array(mode.utf8))], opset: 19)[0]
      expect(padded, input) { axis, place in
        let (size, at) = (shape[axis], place - Int(before[axis]))
        if 0..<size ~= at { return at }
        switch mode {
        case "constant": return nil
        case "edge": return at < 0 ? 0 : size - 1
        case "wrap": return ((at % size) + size) % size
        default:
          let period = max(1, 2 * (size - 1))
          let rest = ((at % period) + period) % period
          return rest < size ? rest : period - rest
        }
      }
      let repeats = shape.map { _ in Int64.random(in: 1...3, using: &random) }
      let tiled = try Run.node("Tile", [input, Tensor(int64: repeats, shape: [shape.count])])[0]
      expect(tiled, input) { axis, place in place % shape[axis] }
    }
  }

  /// Each element is the input's at the places that `place` says of every axis; zero for nil.
  private func expect(_ got: Tensor, _ input: Tensor, _ place: (Int, Int) -> Int?) {
    let (strides, own) = (Shape.strides(got.shape), Shape.strides(input.shape))
    let (values, source) = (got.floats, input.floats)
    for index in values.indices {
      var offset: Int? = 0
      for axis in got.shape.indices {
        let found = place(axis, index / strides[axis] % got.shape[axis])
        offset = offset.flatMap { sum in found.map { sum + $0 * own[axis] } }
      }
      let want = offset.map { source[$0] } ?? 0
      #expect(values[index] == want, "\(input.shape) to \(got.shape) at \(index)")
    }
  }
}

/// Graphs in 16 bits: computed in FP32, rounded where they are seen.
@Suite struct HalfPrecisionTests {
  private func graph(_ type: DataType, asks: Bool) throws -> Graph {
    let value = { (name: String, type: DataType) in
      Graph.Value(name: name, dataType: type, shape: [-1, 4])
    }
    var nodes = [
      Node(opType: "MatMul", inputs: ["x", "w"], outputs: ["product"]),
      Node(opType: "Relu", inputs: ["product"], outputs: ["positive"]),
      Node(opType: "Softmax", inputs: ["positive"], outputs: ["y"]),
    ]
    if asks {
      nodes.append(
        Node(opType: "Cast", inputs: ["positive"], outputs: ["seen"], attributes: ["to": .int(1)]))
    }
    let weight = Tensor(fp32: (0..<16).map { Float($0 % 5) - 2 }, shape: [4, 4])
    return Graph(
      nodes: nodes, inputs: [value("x", type)],
      outputs: [value("y", type)] + (asks ? [value("seen", .fp32)] : []),
      initializers: ["w": try cast(weight, type)])
  }

  private func cast(_ tensor: Tensor, _ type: DataType) throws -> Tensor {
    let code: Int64 = type == .fp16 ? 10 : type == .bf16 ? 16 : 1
    return try Run.node("Cast", [tensor], attributes: ["to": .int(code)])[0]
  }

  @Test(arguments: [DataType.fp16, .bf16], [false, true])
  func everythingBetweenTheEdgesIsFP32(_ type: DataType, _ asks: Bool) throws {
    var random = SplitMix64(state: 20_261_126)
    let input = try cast(Tensor.random([3, 4], &random), type)
    var options = ModelOptions()
    // BF16 has no name in the protocol.
    options.allowsContainers = true
    let model = try Model(try graph(type, asks: asks), options: options)
    let steps = try Run.withViews([input][...], []) { views in
      try model.withContext { try $0.profile(views, count: 1, clock: { 0 }) }
    }
    #expect(steps.count { $0.operatorName == "Cast" } == 2, "in and out: \(steps)")
    var plainOptions = options
    plainOptions.passes = []
    let got = try model.evaluate([.tensor(input)])
    let want = try Model(try graph(type, asks: asks), options: plainOptions).evaluate([
      .tensor(input)
    ])
    for (got, want) in zip(got, want) {
      let (a, b) = (try cast(got.tensor!, .fp32), try cast(want.tensor!, .fp32))
      #expect(got.tensor?.dataType == want.tensor?.dataType)
      #expect(isClose(a.floats, b.floats, type == .fp16 ? 2e-3 : 2e-2))
    }
  }
}
