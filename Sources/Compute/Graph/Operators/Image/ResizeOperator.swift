/// Resize and Upsample: every dimension resampled by itself; each output place reads a few places
/// of the input with weights that only depend on its coordinate.
struct ResizeOperator: Operator {
  let sampling: ResizeSampling
  /// Which inputs hold what; nil if they don't.
  let roiInput: Int?
  let scalesInput: Int?
  let sizesInput: Int?
  /// Upsample before opset 9.
  let fixedScales: [Float]?
  let axes: [Int]?
  let policy: Policy

  enum Policy: String, Sendable {
    case stretch, notLarger = "not_larger", notSmaller = "not_smaller"
  }

  var shapeOperands: [Int] { [roiInput, scalesInput, sizesInput].compactMap { $0 } }

  /// Factor and size of every dimension of the output; nil if only known at inference.
  private func factors(
    _ inputs: KnownInputs, _ shape: [Int]
  ) throws(GraphError) -> [(scale: Double, size: Int)]? {
    var chosen: [Int] = []
    for axis in axes ?? Array(shape.indices) {
      chosen.append(try normalizedAxis(axis, rank: shape.count))
    }
    var result = shape.map { (scale: 1.0, size: $0) }
    if let sizesInput, inputs.optional(sizesInput) != nil {
      guard let sizes = try inputs.integers(sizesInput), !shape.contains(-1) else { return nil }
      if !sizes.isEmpty || scalesInput == nil {
        guard sizes.count == chosen.count, sizes.allSatisfy({ $0 >= 0 && $0 < 1 << 40 }) else {
          throw mismatch(chosen.count, sizes.count)
        }
        for (axis, size) in zip(chosen, sizes) {
          result[axis] = (shape[axis] == 0 ? 1 : Double(size) / Double(shape[axis]), size)
        }
        if policy != .stretch {
          let scales = chosen.map { result[$0].scale }
          let scale = (policy == .notLarger ? scales.min() : scales.max()) ?? 1
          for axis in chosen {
            result[axis] = (scale, try Self.size((scale * Double(shape[axis])).rounded()))
          }
        }
        return result
      }
    }
    var scales = fixedScales
    if let scalesInput {
      guard let tensor = inputs.constant(scalesInput) else { return nil }
      guard tensor.dataType == .fp32 else {
        throw GraphError(
          code: .typeMismatch, message: "scales must be FP32, got \(tensor.dataType)")
      }
      scales = tensor.elements(as: Float.self)
    }
    guard let scales, scales.count == chosen.count,
      scales.allSatisfy({ $0 > 0 && $0 < 0x1p24 })
    else { throw mismatch(chosen.count, scales?.count ?? 0) }
    for (axis, scale) in zip(chosen, scales) {
      let size =
        shape[axis] < 0 ? -1 : try Self.size((Double(scale) * Double(shape[axis])).rounded(.down))
      result[axis] = (Double(scale), size)
    }
    return result
  }

  private static func size(_ value: Double) throws(GraphError) -> Int {
    guard value < 0x1p40 else {
      throw GraphError(code: .shapeOverflow, message: "the output's size overflows")
    }
    return Int(value)
  }

  private func mismatch(_ expected: Int, _ got: Int) -> GraphError {
    GraphError(
      code: .shapeMismatch,
      message: "needs \(expected) scales above 0, or sizes of at least 0, got \(got)")
  }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.numbers)
    guard let shape = type.shape else { return [type] }
    guard let factors = try factors(inputs, shape) else {
      return [TensorType(type.dataType, shape.map { _ in -1 })]
    }
    for (size, factor) in zip(shape, factors) where size == 0 && factor.size > 0 {
      throw GraphError(
        code: .shapeMismatch,
        message: "nothing can be resized to \(factor.size): the data is \(Shape.describe(shape))")
    }
    return [TensorType(type.dataType, factors.map(\.size))]
  }

  func work(_ inputs: KnownInputs, _ outputs: [TensorType]) throws(GraphError) -> Double {
    guard let shape = inputs.optional(0)?.shape, let factors = try factors(inputs, shape) else {
      return 0
    }
    var work = 1.0
    for (axis, factor) in factors.enumerated() {
      let taps = sampling.tapCount(
        input: shape[axis], output: factor.size, scale: factor.scale)
      // They are kept beside the plan.
      guard Double(factor.size) * taps <= Self.tapCountMax else {
        throw GraphError(
          code: .resourceExhausted,
          message: "one dimension may read \(Self.tapCountMax) places, \(shape[axis]) to "
            + "\(factor.size) needs \(Double(factor.size) * taps)")
      }
      work *= Double(factor.size) * taps
    }
    return work
  }

  /// Places and weights of one dimension take half a gibibyte.
  private static let tapCountMax = 0x1p25

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    guard let factors = try factors(operands.known, input.shape) else {
      throw GraphError(code: .shapeMismatch, message: "the scales must be known")
    }
    let rank = input.shape.count
    var roi = [Double](repeating: 0, count: rank) + [Double](repeating: 1, count: rank)
    if let roiInput, let tensor = operands.known.constant(roiInput), tensor.elementCount > 0 {
      let values = try tensor.numbers()
      let chosen = axes ?? Array(0..<rank)
      guard values.count == 2 * chosen.count else { throw mismatch(chosen.count, values.count) }
      for (index, axis) in chosen.enumerated() {
        let axis = try normalizedAxis(axis, rank: rank)
        roi[axis] = values[index]
        roi[rank + axis] = values[chosen.count + index]
      }
    }
    let strides = Shape.strides(input.shape)
    var taps: [AxisTaps] = []
    for axis in 0..<rank {
      taps.append(
        sampling.taps(
          input: input.shape[axis], output: factors[axis].size, scale: factors[axis].scale,
          roi: (roi[axis], roi[rank + axis]), stride: strides[axis]))
    }
    if output.count == 0 { return nil }
    if input.dataType == .fp32, let images = ImageResampling(input.shape, taps) {
      return images.step(UnsafePointer(input.f32), output.f32)
    }
    if input.dataType == .fp32 { return step(Float.self, input, output, taps) }
    return step(try input.dataType.numeric(), input, output, taps)
  }

  @_specialize(where T == Float)
  @_specialize(where T == UInt8)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ taps: [AxisTaps]
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let fill = T(converting: Double(sampling.extrapolation))
    let isFloat = input.dataType.isFloatingPoint
    return {
      func walk(_ axis: Int, _ index: Int) {
        guard axis < taps.count else { return }
        for place in 0..<taps[axis].count {
          let next = index * taps[axis].count + place
          places[axis] = place
          if axis + 1 < taps.count {
            walk(axis + 1, next)
          } else if (0..<taps.count).contains(where: { taps[$0].isOutside(places[$0]) }) {
            target[next] = fill
          } else {
            let value = Self.sum(source, taps, places, 0, 0)
            target[next] = T(converting: isFloat ? value : value.rounded(.towardZero))
          }
        }
      }
      var places = [Int](repeating: 0, count: taps.count)
      if taps.isEmpty { target[0] = source[0] } else { walk(0, 0) }
    }
  }

  /// The weighted sum over the input places below an output place.
  private static func sum<T: Element>(
    _ source: UnsafeMutablePointer<T>, _ taps: [AxisTaps], _ places: [Int], _ axis: Int,
    _ offset: Int
  ) -> Double {
    if axis == taps.count { return source[offset].asDouble }
    let axisTaps = taps[axis]
    let first = places[axis] * axisTaps.width
    if axisTaps.width == 1 {
      return sum(source, taps, places, axis + 1, offset + axisTaps.offsets[first])
    }
    var result = 0.0
    for index in first..<first + axisTaps.width where axisTaps.weights[index] != 0 {
      result +=
        axisTaps.weights[index]
        * sum(source, taps, places, axis + 1, offset + axisTaps.offsets[index])
    }
    return result
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Resize") { context throws(GraphError) in
      let isOld = context.opset < 11
      let name = try context.string("keep_aspect_ratio_policy") ?? "stretch"
      guard let policy = Policy(rawValue: name) else {
        throw context.unsupported(
          "keep_aspect_ratio_policy", name, expected: "stretch, not_larger or not_smaller")
      }
      let hasSizes = context.known.optional(3) != nil
      return ResizeOperator(
        sampling: try ResizeSampling(context, isAsymmetric: isOld), roiInput: isOld ? nil : 1,
        scalesInput: isOld ? 1 : hasSizes ? nil : 2, sizesInput: isOld ? nil : 3,
        fixedScales: nil, axes: try context.ints("axes"), policy: policy)
    }
    registry.register("Upsample") { context throws(GraphError) in
      let scales = try context.floats("scales")
      return ResizeOperator(
        sampling: try ResizeSampling(context, isAsymmetric: true), roiInput: nil,
        scalesInput: scales == nil ? 1 : nil, sizesInput: nil, fixedScales: scales, axes: nil,
        policy: .stretch)
    }
  }
}
