import Compute
import TestSupport
import Testing

@Suite struct ImageOperatorTests {
  /// Convolution by its definition, for two dimensions.
  private func convolve(
    _ x: Tensor, _ w: Tensor, _ b: [Float]?, strides: [Int], pads: [Int], dilations: [Int],
    group: Int
  ) -> [Float] {
    let (n, c, h, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
    let (m, kh, kw) = (w.shape[0], w.shape[2], w.shape[3])
    let oh = (h + pads[0] + pads[2] - (kh - 1) * dilations[0] - 1) / strides[0] + 1
    let ow = (width + pads[1] + pads[3] - (kw - 1) * dilations[1] - 1) / strides[1] + 1
    let (image, filter) = (x.floats, w.floats)
    var result: [Float] = []
    for batch in 0..<n {
      for out in 0..<m {
        for y in 0..<oh {
          for column in 0..<ow {
            var sum = Double(b?[out] ?? 0)
            for channel in 0..<(c / group) {
              for ky in 0..<kh {
                for kx in 0..<kw {
                  let iy = y * strides[0] - pads[0] + ky * dilations[0]
                  let ix = column * strides[1] - pads[1] + kx * dilations[1]
                  guard iy >= 0, iy < h, ix >= 0, ix < width else { continue }
                  let from = out / (m / group) * (c / group) + channel
                  sum +=
                    Double(image[((batch * c + from) * h + iy) * width + ix])
                    * Double(filter[((out * (c / group) + channel) * kh + ky) * kw + kx])
                }
              }
            }
            result.append(Float(sum))
          }
        }
      }
    }
    return result
  }

  @Test(arguments: 0..<40)
  func convolutionEqualsItsDefinitionInEveryForm(_ seed: Int) throws {
    var random = SplitMix64(state: UInt64(seed))
    let group = [1, 1, 2, 3].randomElement(using: &random)!
    let (c, m) = (
      group * Int.random(in: 1...4, using: &random), group * Int.random(in: 1...5, using: &random)
    )
    let kernel = [Int.random(in: 1...3, using: &random), Int.random(in: 1...3, using: &random)]
    let strides = [Int.random(in: 1...2, using: &random), Int.random(in: 1...2, using: &random)]
    let dilations = [Int.random(in: 1...2, using: &random), Int.random(in: 1...2, using: &random)]
    let pads = (0..<4).map { _ in Int.random(in: 0...1, using: &random) }
    let x = Tensor.random(
      [
        Int.random(in: 1...2, using: &random), c, Int.random(in: 5...9, using: &random),
        Int.random(in: 5...9, using: &random),
      ], &random)
    let w = Tensor.random([m, c / group] + kernel, &random)
    let b = Bool.random(using: &random) ? Tensor.random([m], &random) : nil
    let expected = convolve(
      x, w, b?.floats, strides: strides, pads: pads, dilations: dilations, group: group)
    let attributes: [String: Attribute] = [
      "strides": .ints(strides.map { Int64($0) }), "pads": .ints(pads.map { Int64($0) }),
      "dilations": .ints(dilations.map { Int64($0) }), "group": .int(Int64(group)),
    ]
    // NHWC kernel, NCHW kernel, and the plain loops of weights that are no constants.
    let forms: [(Set<Int>, ModelOptions.Passes)] = [([1, 2], .all), ([1, 2], []), ([], [])]
    for (constants, passes) in forms {
      let got = try Run.node(
        "Conv", [x, w, b], attributes: attributes, constants: constants, passes: passes)[0]
      #expect(isClose(got.floats, expected), "seed \(seed), constants \(constants)")
    }
  }

  @Test func networksGiveTheSameWithAndWithoutPasses() throws {
    var random = SplitMix64(state: 11)
    for size in [12, 13] {
      var graph = ImageGraphs.network()
      graph.inputs[0].shape = [-1, 3, size, size]
      let side = (size - 2) / 2 - 1
      graph.initializers["w3"] = .random([4, 6 * side * side], &random)
      let x = Tensor.random([3, 3, size, size], &random)
      let plain = try Run.graph(graph, [x], passes: [])[0].floats
      #expect(isClose(try Run.graph(graph, [x])[0].floats, plain), "size \(size)")
      // A batch dimension alone is open in most models; here everything is.
      #expect(isClose(try Run.graph(graph, [x], passes: .layout)[0].floats, plain))
    }
  }

  @Test func residualsAndBranchesSurviveTheLayout() throws {
    var random = SplitMix64(state: 5)
    var graph = Graph()
    graph.inputs = [.init(name: "x", dataType: .fp32, shape: [-1, 4, 6, 6])]
    graph.initializers = [
      "w": .random([4, 4, 3, 3], &random), "v": .random([4, 4, 1, 1], &random),
    ]
    let pads: [String: Attribute] = ["pads": .ints([1, 1, 1, 1])]
    graph.nodes = [
      Node(opType: "Conv", inputs: ["x", "w"], outputs: ["a"], attributes: pads),
      Node(opType: "Relu", inputs: ["a"], outputs: ["b"]),
      Node(opType: "Conv", inputs: ["b", "v"], outputs: ["c"]),
      Node(opType: "Add", inputs: ["b", "c"], outputs: ["d"]),
      Node(
        opType: "Concat", inputs: ["d", "b"], outputs: ["e"], attributes: ["axis": .int(1)]),
      Node(opType: "GlobalAveragePool", inputs: ["e"], outputs: ["g"]),
      Node(
        opType: "Transpose", inputs: ["e"], outputs: ["t"],
        attributes: ["perm": .ints([0, 2, 3, 1])]),
    ]
    graph.outputs = ["d", "e", "g", "t"].map { .init(name: $0, dataType: .fp32, shape: nil) }
    let x = Tensor.random([2, 4, 6, 6], &random)
    let plain = try Run.graph(graph, [x], passes: [])
    let fast = try Run.graph(graph, [x])
    for (got, expected) in zip(fast, plain) {
      #expect(got.shape == expected.shape)
      #expect(isClose(got.floats, expected.floats))
    }
  }

  @Test func poolingHonoursPaddingAndCeiling() throws {
    let x = Tensor(fp32: (1...9).map { Float($0) }, shape: [1, 1, 3, 3])
    let both: [String: Attribute] = [
      "kernel_shape": .ints([2, 2]), "strides": .ints([2, 2]), "ceil_mode": .int(1),
    ]
    #expect(try Run.node("MaxPool", [x], attributes: both)[0].floats == [5, 6, 8, 9])
    let padded: [String: Attribute] = [
      "kernel_shape": .ints([2, 2]), "pads": .ints([1, 1, 0, 0]),
    ]
    let without = try Run.node("AveragePool", [x], attributes: padded)[0].floats
    #expect(without == [1, 1.5, 2.5, 2.5, 3, 4, 5.5, 6, 7])
    let counted = try Run.node(
      "AveragePool", [x], attributes: padded.merging(["count_include_pad": .int(1)]) { $1 })[0]
    #expect(counted.floats == [0.25, 0.75, 1.25, 1.25, 3, 4, 2.75, 6, 7])
    let indices = try Run.node("MaxPool", [x], attributes: both, outputs: 2)[1].integers
    #expect(indices == [4, 5, 7, 8])
  }

  @Test func nothingIsResizedToSomething() throws {
    let error = #expect(throws: ExecutionError.self) {
      try Run.node(
        "Resize",
        [
          Tensor(fp32: [], shape: [1, 1, 0, 2]), nil, nil,
          Tensor(int64: [1, 1, 4, 4], shape: [4]),
        ])
    }
    #expect(error?.code == .shapeMismatch)
  }

  @Test func aRegionThatIsNoNumberReadsNothing() throws {
    let answer = try Run.node(
      "Resize",
      [
        Tensor(fp32: [1, 2, 3, 4], shape: [1, 1, 2, 2]),
        Tensor(fp32: [0, 0, .nan, 0, 1, 1, .infinity, 1], shape: [8]), nil,
        Tensor(int64: [1, 1, 2, 2], shape: [4]),
      ],
      attributes: [
        "coordinate_transformation_mode": .string(Array("tf_crop_and_resize".utf8)),
        "mode": .string(Array("linear".utf8)), "extrapolation_value": .float(7),
      ])[0]
    #expect(answer.floats == [7, 7, 7, 7])
  }
}
