internal import Glibc

/// Cast between all types, text and numbers included, with ONNX's rules: fractions are cut
/// off, anything but zero is true.
struct CastOperator: Operator {
  /// The target; nil takes the type of the second input (CastLike).
  let target: DataType?
  /// Whether what is too large for an 8-bit float becomes the largest one.
  let saturates: Bool

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    if let target { return [TensorType(target, type.shape)] }
    return [TensorType(try inputs.type(1).dataType, type.shape)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    switch (input.dataType, output.dataType) {
    case (let a, let b) where a == b && a != .string:
      let (source, target, byteCount) = (input.bytes, output.bytes, input.byteCount)
      return { memcpy(target, source, byteCount) }
    case (.string, .string):
      guard let source = input.strings, let target = output.strings else { return nil }
      return {
        target.removeAll()
        target.append(framed: source.bytes)
      }
    case (.string, .bool): return Self.parse(UInt8.self, input, output, isBool: true)
    case (.string, let to): return Self.parse(try to.numeric(), input, output, isBool: false)
    case (let from, .string):
      return from == .bool
        ? Self.format(UInt8.self, input, output) : Self.format(try from.numeric(), input, output)
    case (.bool, let to): return Self.fromBool(try to.numeric(), input, output)
    case (let from, .bool): return Self.toBool(try from.numeric(), input, output)
    case (.fp16, .fp32), (.bf16, .fp32): return Self.widen(input, output)
    case (.fp32, .fp16), (.fp32, .bf16): return Self.narrow(input, output)
    case (.fp32, let to) where Conversion.truncates(to: to):
      let (source, target, count) = (input.f32, output.bytes, output.count)
      return { Conversion.integers(to, from: source, into: target, count: count) }
    case (let from, let to):
      if !saturates, let tiny = to.elementType as? any TinyFloat.Type {
        return try Self.overflow(tiny, input, output)
      }
      return try Self.convert(try from.numeric(), to, input, output)
    }
  }

  private static func overflow<T: TinyFloat>(
    _ type: T.Type, _ input: Operand, _ output: Operand
  ) throws(GraphError) -> Step {
    let (source, target) = (try NumberReader(input), output.pointer(T.self))
    return {
      for index in 0..<source.count {
        target[index] = T(bits: T.format.encode(Float(source[index]), saturates: false))
      }
    }
  }

  /// Between FP32 and the 16-bit types there are kernels.
  private static func widen(_ input: Operand, _ output: Operand) -> Step {
    let (source, target, count) = (input.pointer(UInt16.self), output.f32, output.count)
    return input.dataType == .fp16
      ? { Conversion.floats(fromHalf: source, into: target, count: count) }
      : { Conversion.floats(fromBFloat: source, into: target, count: count) }
  }

  private static func narrow(_ input: Operand, _ output: Operand) -> Step {
    let (source, target, count) = (input.f32, output.pointer(UInt16.self), output.count)
    return output.dataType == .fp16
      ? { Conversion.halves(from: source, into: target, count: count) }
      : { Conversion.bfloats(from: source, into: target, count: count) }
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private static func fromBool<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand
  ) -> Step {
    let (source, target, count) = (
      input.pointer(UInt8.self), output.pointer(T.self), output.count
    )
    let (zero, one) = (T.zero, T(converting: 1))
    return { for index in 0..<count { target[index] = source[index] == 0 ? zero : one } }
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private static func toBool<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand
  ) -> Step {
    let (source, target, count) = (
      input.pointer(T.self), output.pointer(UInt8.self), output.count
    )
    let zero = T.zero
    return { for index in 0..<count { target[index] = source[index] == zero ? 0 : 1 } }
  }

  private static func convert<T: Element>(
    _ from: T.Type, _ to: DataType, _ input: Operand, _ output: Operand
  ) throws(GraphError) -> Step {
    convert(from, try to.numeric(), input, output)
  }

  @_specialize(where T == Float, U == Int64)
  @_specialize(where T == Int64, U == Float)
  @_specialize(where T == Int32, U == Float)
  @_specialize(where T == Float, U == Int32)
  @_specialize(where T == Double, U == Float)
  @_specialize(where T == Float, U == Double)
  @_specialize(where T == UInt8, U == Float)
  @_specialize(where T == Int8, U == Float)
  @_specialize(where T == Float, U == UInt8)
  private static func convert<T: Element, U: Element>(
    _ from: T.Type, _ to: U.Type, _ input: Operand, _ output: Operand
  ) -> Step {
    let (source, target, count) = (input.pointer(T.self), output.pointer(U.self), output.count)
    if let wideSource = T.self as? any FixedWidthInteger.Type,
      let wideTarget = U.self as? any FixedWidthInteger.Type
    {
      return integers(wideSource, wideTarget, input, output)
    }
    return {
      for index in 0..<count { target[index] = U(converting: source[index].asDouble) }
    }
  }

  /// Between integers only bits are cut or extended, as in C; a Double would lose some.
  private static func integers<T: FixedWidthInteger, U: FixedWidthInteger>(
    _ from: T.Type, _ to: U.Type, _ input: Operand, _ output: Operand
  ) -> Step {
    let source = input.bytes.assumingMemoryBound(to: T.self)
    let target = output.bytes.assumingMemoryBound(to: U.self)
    let count = output.count
    return {
      for index in 0..<count { target[index] = U(truncatingIfNeeded: source[index]) }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    let builder: OperatorRegistry.Builder = { context throws(GraphError) in
      guard let code = try context.int("to"), let type = DataType(onnxCode: code) else {
        throw GraphError(
          code: .unsupportedAttribute,
          message: "Cast's target type must be one we support, "
            + "got \(try context.int("to").map(String.init) ?? "none")")
      }
      return CastOperator(
        target: type, saturates: try context.bool("saturate", default: true))
    }
    registry.register("Cast", builder)
    registry.register("CastLike") { context throws(GraphError) in
      CastOperator(target: nil, saturates: try context.bool("saturate", default: true))
    }
  }
}

extension DataType {
  /// The type that has this number in ONNX's TensorProto.DataType.
  init?(onnxCode: Int) {
    let types: [Int: DataType] = [
      1: .fp32, 2: .uint8, 3: .int8, 4: .uint16, 5: .int16, 6: .int32, 7: .int64, 8: .string,
      9: .bool, 10: .fp16, 11: .fp64, 12: .uint32, 13: .uint64, 16: .bf16,
      17: .fp8e4m3fn, 18: .fp8e4m3fnuz, 19: .fp8e5m2, 20: .fp8e5m2fnuz, 21: .uint4, 22: .int4,
    ]
    guard let type = types[onnxCode] else { return nil }
    self = type
  }
}
