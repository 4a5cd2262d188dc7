import Compute
import TestSupport
import Testing

/// Convolutions of bytes through the kernel, whether their weights are known or come in, against the
/// plain loop, which takes what has three dimensions; and products of two matrices that come in.
@Suite struct IntegerConvolutionTests {
  private struct Source {
    var random = SplitMix64(state: 11)

    mutating func bytes(_ type: DataType, _ shape: [Int]) -> Tensor {
      let count = shape.reduce(1, *)
      let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      return bytes.withUnsafeBytes { Tensor(dataType: type, shape: shape, copying: $0)! }
    }
    mutating func scale(_ shape: [Int]) -> Tensor {
      Tensor(
        fp32: (0..<shape.reduce(1, *)).map { _ in Float.random(in: 0.01...0.1, using: &random) },
        shape: shape)
    }
  }

  /// The same tensor with an axis of one in front of the spatial ones.
  private func deepened(_ tensor: Tensor) -> Tensor {
    var shape = tensor.shape
    shape.insert(contentsOf: [Int](repeating: 1, count: 5 - shape.count), at: 2)
    return tensor.withView { Tensor(dataType: $0.dataType, shape: shape, copying: $0.bytes)! }
  }

  private func attributes(
    rank: Int, axes: Int, group: Int, stride: Int, dilation: Int, pad: Int
  ) -> [String: Attribute] {
    func all(_ value: Int, _ plain: Int) -> [Int64] {
      [Int64](repeating: Int64(plain), count: rank - axes)
        + [Int64](repeating: Int64(value), count: axes)
    }
    return [
      "group": .int(Int64(group)), "strides": .ints(all(stride, 1)),
      "dilations": .ints(all(dilation, 1)), "pads": .ints(all(pad, 0) + all(pad, 0)),
    ]
  }

  @Test(
    arguments: [
      (DataType.uint8, DataType.int8), (.uint8, .uint8), (.int8, .int8), (.int8, .uint8),
    ],
    [1, 2])
  func kernelsEqualThePlainLoop(_ types: (DataType, DataType), _ axes: Int) throws {
    var source = Source()
    for (group, channels, outputs, kernel, stride, dilation, pad) in [
      (1, 3, 5, 3, 1, 1, 1), (1, 17, 40, 1, 1, 1, 0), (1, 4, 33, 3, 2, 1, 1),
      (2, 3, 4, 3, 1, 2, 2), (6, 1, 1, 3, 1, 1, 1), (1, 1, 1, 2, 1, 1, 0), (3, 2, 1, 4, 3, 1, 3),
    ] {
      let spatial = Array([13, 11].suffix(axes))
      let x = source.bytes(types.0, [2, group * channels] + spatial)
      let w = source.bytes(
        types.1, [group * outputs, channels] + [Int](repeating: kernel, count: axes))
      let zero = source.bytes(types.0, [])
      func attributes(_ rank: Int) -> [String: Attribute] {
        self.attributes(
          rank: rank, axes: axes, group: group, stride: stride, dilation: dilation, pad: pad)
      }
      for zeros in [[], [group * outputs]] {
        let zeroW = source.bytes(types.1, zeros)
        let want = try Run.node(
          "ConvInteger", [deepened(x), deepened(w), zero, zeroW], attributes: attributes(3))[0]
        for constants: Set<Int> in [[], [1, 3]] {
          let got = try Run.node(
            "ConvInteger", [x, w, zero, zeroW], attributes: attributes(axes), constants: constants
          )[0]
          #expect(got.elements(as: Int32.self) == want.elements(as: Int32.self))
        }
        let scales = [source.scale([]), source.scale(zeros), Tensor(fp32: [3], shape: [])]
        let bias = Tensor(
          (0..<group * outputs).map { Int32($0 * 100) }, shape: [group * outputs], dataType: .int32)
        func operands(_ x: Tensor, _ w: Tensor) -> [Tensor?] {
          [x, scales[0], zero, w, scales[1], zeroW, scales[2], zero, bias]
        }
        let quantized = try Run.node(
          "QLinearConv", operands(deepened(x), deepened(w)), attributes: attributes(3))[0]
        for constants: Set<Int> in [[], [3]] {
          let got = try Run.node(
            "QLinearConv", operands(x, w), attributes: attributes(axes), constants: constants)[0]
          #expect(got.flags == quantized.flags)
        }
      }
    }
  }

  @Test func productsOfTwoInputsEqualTheirDefinition() throws {
    var source = Source()
    let (batch, m, k, n) = (3, 5, 21, 37)
    for (left, right) in [(DataType.uint8, DataType.int8), (.int8, .uint8)] {
      for shape in [[k, n], [batch, k, n]] {
        let (a, b) = (source.bytes(left, [batch, m, k]), source.bytes(right, shape))
        let (zeroA, zeroB) = (source.bytes(left, []), source.bytes(right, [n]))
        let got = try Run.node("MatMulInteger", [a, b, zeroA, zeroB])[0]
        func numbers(_ tensor: Tensor) -> [Int32] {
          tensor.dataType == .uint8
            ? tensor.flags.map { Int32($0) } : tensor.elements(as: Int8.self).map { Int32($0) }
        }
        let (x, y, zeroX, zerosY) = (numbers(a), numbers(b), numbers(zeroA)[0], numbers(zeroB))
        var want: [Int32] = []
        for index in 0..<batch {
          let first = shape.count == 3 ? index * k * n : 0
          for row in 0..<m {
            for column in 0..<n {
              want.append(
                (0..<k).reduce(Int32(0)) {
                  $0 + (x[(index * m + row) * k + $1] - zeroX)
                    * (y[first + $1 * n + column] - zerosY[column])
                })
            }
          }
        }
        #expect(got.shape == [batch, m, n])
        #expect(got.elements(as: Int32.self) == want)
      }
    }
  }
}
