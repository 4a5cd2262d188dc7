/// STFT: the Fourier transforms of overlapping frames of a signal.
struct STFTOperator: Operator {
  let isOnesided: Bool

  var shapeOperands: [Int] { [1, 3] }

  private struct Frames {
    var step: Int
    var length: Int
    var count: Int
    var bins: Int
  }

  private func frames(_ inputs: KnownInputs) throws(GraphError) -> Frames? {
    let signal = try inputs.type(0, among: DataType.floats)
    let window = inputs.optional(2)?.shape
    guard let step = try inputs.integers(1)?.first, let shape = signal.shape,
      !shape.contains(-1), !(window?.contains(-1) ?? false)
    else { return nil }
    var length = window?.first ?? (shape.count == 3 ? shape[1] : 0)
    if inputs.optional(3) != nil {
      guard let value = try inputs.integers(3)?.first else { return nil }
      length = value
    }
    guard shape.count == 3, (1...2).contains(shape[2]), step >= 1, length >= 1,
      length <= shape[1], window.map({ $0 == [length] }) ?? true
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "frames of \(length) every \(step) do not fit a signal of "
          + Shape.describe(shape))
    }
    return Frames(
      step: step, length: length, count: (shape[1] - length) / step + 1,
      bins: isOnesided ? length / 2 + 1 : length)
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    if inputs.optional(2) != nil { _ = try inputs.type(2, among: [type.dataType]) }
    guard let frames = try frames(inputs) else {
      return [TensorType(type.dataType, [type.shape?.first ?? -1, -1, -1, 2])]
    }
    return [TensorType(type.dataType, [type.shape?.first ?? -1, frames.count, frames.bins, 2])]
  }

  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard let frames = try frames(inputs) else { return 0 }
    return FourierTable.byteCount(frames.length)
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let frames = try frames(inputs), let count = outputs[0].shape.flatMap(Shape.elementCount)
    else { return 0 }
    return Double(count) * Double(frames.length)
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    guard let frames = try frames(operands.known) else { return nil }
    let signal = try operands.input(0)
    return step(
      try signal.dataType.numeric(), signal, operands.optional(2), try operands.output(), frames,
      FourierTable(operands.scratch, length: frames.length))
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ signal: Operand, _ window: Operand?, _ output: Operand,
    _ frames: Frames, _ table: FourierTable
  ) -> Step {
    let (source, target) = (signal.pointer(T.self), output.pointer(T.self))
    let (size, parts) = (signal.shape[1], signal.shape[2])
    let weights = window?.pointer(T.self)
    return {
      table.fill()
      for row in 0..<signal.shape[0] * frames.count {
        let (batch, frame) = (row / frames.count, row % frames.count)
        let start = source + (batch * size + frame * frames.step) * parts
        for bin in 0..<frames.bins {
          let (real, imaginary) = table.sum(bin, sign: -1, count: frames.length) { index in
            let weight = weights?[index].asDouble ?? 1
            let at = start + index * parts
            return (weight * at[0].asDouble, parts == 2 ? weight * at[1].asDouble : 0)
          }
          let to = target + (row * frames.bins + bin) * 2
          to[0] = T(converting: real)
          to[1] = T(converting: imaginary)
        }
      }
    }
  }
}
