import TestSupport
import Testing

@testable import Compute

/// Image operators whose FP32 form is another one than that of the other types: they must agree.
@Suite struct FastImageFormTests {
  private func doubles(_ tensor: Tensor) -> Tensor {
    Tensor(tensor.floats.map(Double.init), shape: tensor.shape, dataType: .fp64)
  }

  private func text(_ value: String) -> Attribute { .string(Array(value.utf8)) }

  private func expectSame(_ single: Tensor, _ double: Tensor, _ comment: String) {
    let want = double.elements(as: Double.self).map { Float($0) }
    #expect(single.shape == double.shape, "\(comment)")
    #expect(isClose(single.floats, want), "\(comment)")
  }

  /// Points inside, at the borders, far outside and nowhere; more of them than are sampled at a time.
  @Test(arguments: ["nearest", "linear", "cubic"], ["zeros", "border", "reflection"])
  func samplesOfFloatsAreThoseOfDoubles(_ mode: String, _ padding: String) throws {
    var random = SplitMix64(state: 3)
    for (round, size) in [[2, 3, 5, 7], [1, 1, 1, 1], [1, 2, 1, 9], [1, 5, 8, 2]].enumerated() {
      let image = Tensor.random(size, &random)
      let shape = [size[0], round == 0 ? 30 : 3, round == 0 ? 19 : 4, 2]
      var places = (0..<Shape.product(shape[...])).map { _ in
        Float.random(in: -1.6...1.6, using: &random)
      }
      let specials: [Float] = [-1, 1, 0, .nan, .infinity, -1e30, 3, -1.0001]
      for (index, special) in specials.enumerated() { places[index * 2 + index % 2] = special }
      let grid = Tensor(fp32: places, shape: shape)
      for corners in [0, 1] as [Int64] {
        let attributes: [String: Attribute] = [
          "mode": text(mode), "padding_mode": text(padding), "align_corners": .int(corners),
        ]
        let single = try Run.node("GridSample", [image, grid], attributes: attributes, opset: 20)
        let double = try Run.node(
          "GridSample", [doubles(image), grid], attributes: attributes, opset: 20)
        expectSame(single[0], double[0], "\(mode) \(padding) \(corners) \(size)")
      }
    }
  }

  @Test func whatIsOutsideCountsAsZeroWhateverIsAtTheBorder() throws {
    let image = Tensor(fp32: [.infinity, 1, 2, 3], shape: [1, 1, 2, 2])
    let grid = Tensor(fp32: [-9, -9, 9, 9], shape: [1, 1, 2, 2])
    #expect(try Run.node("GridSample", [image, grid], opset: 20)[0].floats == [0, 0])
  }

  /// Regions inside, across a border, outside, of no size, and turned round.
  @Test(arguments: ["half_pixel", "output_half_pixel"], [0, 1, 2, 3])
  func averagesOfFloatsAreThoseOfDoubles(_ coordinates: String, _ samples: Int) throws {
    var random = SplitMix64(state: 5)
    for size in [[2, 3, 9, 7], [1, 2, 1, 1], [1, 1, 30, 2]] {
      let image = Tensor.random(size, &random)
      var boxes = (0..<4 * 12).map { _ in Float.random(in: -4...14, using: &random) }
      boxes.replaceSubrange(0..<16, with: [0, 0, 6, 8, 2, 2, 2, 2, 5, 5, 1, 1, -90, -90, 90, 90])
      let regions = Tensor(fp32: boxes, shape: [12, 4])
      let images = Tensor(
        int64: (0..<12).map { Int64($0 % size[0]) }, shape: [12])
      let attributes: [String: Attribute] = [
        "output_height": .int(3), "output_width": .int(5), "spatial_scale": .float(0.7),
        "sampling_ratio": .int(Int64(samples)), "coordinate_transformation_mode": text(coordinates),
      ]
      let single = try Run.node("RoiAlign", [image, regions, images], attributes: attributes)
      let double = try Run.node(
        "RoiAlign", [doubles(image), doubles(regions), images], attributes: attributes)
      expectSame(single[0], double[0], "\(coordinates) \(samples) \(size)")
    }
  }

  /// Windows that overlap, have holes, hang over the end and lie in the padding.
  @Test(arguments: ["MaxPool", "AveragePool"])
  func poolsOfOneDimensionAreThoseOfDoubles(_ type: String) throws {
    var random = SplitMix64(state: 7)
    for _ in 0..<60 {
      let width = Int.random(in: 1...40, using: &random)
      let kernel = Int.random(in: 1...5, using: &random)
      let input = Tensor.random([2, 3, width], &random)
      let pads = (0..<2).map { _ in Int64.random(in: 0...Int64(kernel - 1), using: &random) }
      var attributes: [String: Attribute] = [
        "kernel_shape": .ints([Int64(kernel)]), "pads": .ints(pads),
        "strides": .ints([Int64.random(in: 1...3, using: &random)]),
        "ceil_mode": .int(Int64.random(in: 0...1, using: &random)),
        "dilations": .ints([Int64.random(in: 1...2, using: &random)]),
      ]
      if type == "AveragePool" {
        attributes["count_include_pad"] = .int(Int64.random(in: 0...1, using: &random))
      }
      let outputs = type == "MaxPool" ? 2 : 1
      let single = try? Run.node(type, [input], attributes: attributes, opset: 20, outputs: outputs)
      let double = try? Run.node(
        type, [doubles(input)], attributes: attributes, opset: 20, outputs: outputs)
      guard let single, let double else {
        #expect(single == nil && double == nil, "\(attributes)")
        continue
      }
      expectSame(single[0], double[0], "\(width) \(attributes)")
      if outputs == 2 { #expect(single[1].integers == double[1].integers, "\(attributes)") }
    }
  }

  /// Rows that are too long to be pooled column by column first.
  @Test(arguments: ["MaxPool", "AveragePool"])
  func poolsOfLongRowsAreThoseOfDoubles(_ type: String) throws {
    var random = SplitMix64(state: 9)
    for (width, stride) in [(1_030, 1), (1_023, 2), (2_500, 3)] as [(Int, Int64)] {
      let input = Tensor.random([1, 2, 4, width], &random)
      let attributes: [String: Attribute] = [
        "kernel_shape": .ints([3, 3]), "pads": .ints([1, 1, 1, 1]),
        "strides": .ints([1, stride]),
      ]
      let single = try Run.node(type, [input], attributes: attributes)
      let double = try Run.node(type, [doubles(input)], attributes: attributes)
      expectSame(single[0], double[0], "\(width)")
    }
  }
}
