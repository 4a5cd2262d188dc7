/// Col2Im: adds up the columns that a convolution cut an image into; any number of dimensions.
struct Col2ImOperator: Operator {
  let strides: [Int]?
  let dilations: [Int]?
  let pads: [Int]?

  var shapeOperands: [Int] { [1, 2] }

  /// One dimension of the image.
  private struct Axis {
    var size: Int
    var block: Int
    var stride: Int
    var dilation: Int
    var pad: Int
    /// Places of the block.
    var count: Int
  }

  private func axes(_ inputs: KnownInputs) throws(GraphError) -> [Axis]? {
    guard let image = try inputs.integers(1), let block = try inputs.integers(2) else {
      return nil
    }
    let rank = image.count
    guard rank >= 1, block.count == rank, strides?.count ?? rank == rank,
      dilations?.count ?? rank == rank, pads?.count ?? 2 * rank == 2 * rank,
      (image + block + (strides ?? []) + (dilations ?? [])).allSatisfy((1...1 << 24).contains),
      pads?.allSatisfy((0...1 << 24).contains) ?? true
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "image \(image), block \(block) and the attributes must agree and be positive")
    }
    var result: [Axis] = []
    for index in 0..<rank {
      let (stride, dilation) = (strides?[index] ?? 1, dilations?[index] ?? 1)
      let room =
        image[index] + (pads?[index] ?? 0) + (pads?[rank + index] ?? 0)
        - (dilation * (block[index] - 1) + 1)
      guard room >= 0 else {
        throw GraphError(
          code: .shapeMismatch, message: "a block of \(block[index]) does not fit the image")
      }
      result.append(
        Axis(
          size: image[index], block: block[index], stride: stride, dilation: dilation,
          pad: pads?[index] ?? 0, count: room / stride + 1))
    }
    return result
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.numbers)
    guard let axes = try axes(inputs) else { return [TensorType(type.dataType, nil)] }
    guard let shape = type.shape else {
      return [TensorType(type.dataType, [-1, -1] + axes.map(\.size))]
    }
    guard let taps = Shape.elementCount(axes.map(\.block)),
      let places = Shape.elementCount(axes.map(\.count))
    else {
      throw GraphError(code: .shapeOverflow, message: "the blocks' places overflow")
    }
    guard shape.count == 3, taps > 0, shape[1] < 0 || shape[1] % taps == 0,
      shape[2] < 0 || shape[2] == places
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "needs \(places) columns of a multiple of \(taps), got \(Shape.describe(shape))")
    }
    return [
      TensorType(
        type.dataType, [shape[0], shape[1] < 0 ? -1 : shape[1] / taps] + axes.map(\.size))
    ]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    guard let axes = try axes(operands.known) else { return nil }
    let input = try operands.input(0)
    return step(try input.dataType.numeric(), input, try operands.output(), axes)
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ axes: [Axis]
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let planes = output.shape[0] * output.shape[1]
    let taps = axes.reduce(1) { $0 * $1.block }
    let places = axes.reduce(1) { $0 * $1.count }
    let size = axes.reduce(1) { $0 * $1.size }
    return {
      for plane in 0..<planes {
        let to = target + plane * size
        for index in 0..<size { to[index] = T.zero }
        for tap in 0..<taps {
          for place in 0..<places {
            var (tapRest, placeRest, offset, scale) = (tap, place, 0, 1)
            var isInside = true
            for axis in axes.reversed() {
              let at =
                placeRest % axis.count * axis.stride + tapRest % axis.block * axis.dilation
                - axis.pad
              placeRest /= axis.count
              tapRest /= axis.block
              isInside = isInside && at >= 0 && at < axis.size
              offset += at * scale
              scale *= axis.size
            }
            if isInside {
              to[offset] = T.add(to[offset], source[(plane * taps + tap) * places + place])
            }
          }
        }
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Col2Im") { context throws(GraphError) in
      Col2ImOperator(
        strides: try context.ints("strides"), dilations: try context.ints("dilations"),
        pads: try context.ints("pads"))
    }
  }
}
