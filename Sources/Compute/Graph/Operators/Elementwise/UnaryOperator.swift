internal import Glibc

/// One number in, one number out. Floating-point functions run on FP32 and FP64 directly and on
/// the 16-bit types through FP32; Neg, Abs, Sign and Relu also on integers.
struct UnaryOperator: Operator {
  let allowed: [DataType]
  let runF32: @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  /// What an element of FP32 takes.
  let nanosecondsEach: Double
  let generic: (@Sendable (Double) -> Double)?
  /// For integers: exact where a Double is not.
  var integers: IntegerFunction?

  enum IntegerFunction: Sendable { case negate, absolute, sign, relu }

  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    [try inputs.type(0, among: allowed)]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    if input.dataType == .fp32 {
      let (source, target) = (UnsafePointer(input.f32), output.f32)
      let (count, threads) = (output.count, operands.threadPool)
      // Not in a tuple: a function that was in one allocates when it is called.
      let run = runF32
      let cost = Parallel.Cost.elements(count, nanosecondsEach: nanosecondsEach)
      return {
        Parallel.rows(count, multipleOf: 64, cost: cost, on: threads) { part in
          run(source + part.lowerBound, target + part.lowerBound, part.count)
        }
      }
    }
    let type = try input.dataType.numeric()
    if let integers, input.dataType.isInteger {
      return Self.integerStep(type, integers, input, output)
    }
    guard let generic else {
      throw GraphError(code: .unsupportedType, message: "got \(input.dataType)")
    }
    return Self.step(type, generic, input, output)
  }

  @_specialize(where T == Float)
  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  @_specialize(where T == Double)
  private static func step<T: Element>(
    _ type: T.Type, _ function: @escaping (Double) -> Double, _ input: Operand,
    _ output: Operand
  ) -> Step {
    let (source, target, count) = (input.pointer(T.self), output.pointer(T.self), output.count)
    return {
      for index in 0..<count {
        target[index] = T(converting: function(source[index].asDouble))
      }
    }
  }

  @_specialize(where T == Int64)
  @_specialize(where T == Int32)
  private static func integerStep<T: Element>(
    _ type: T.Type, _ function: IntegerFunction, _ input: Operand, _ output: Operand
  ) -> Step {
    let (source, target, count) = (input.pointer(T.self), output.pointer(T.self), output.count)
    let (one, zero) = (T(converting: 1), T.zero)
    return {
      for index in 0..<count {
        let value = source[index]
        switch function {
        case .negate: target[index] = T.negate(value)
        case .absolute: target[index] = T.absolute(value)
        case .sign: target[index] = value > zero ? one : value < zero ? T.negate(one) : zero
        case .relu: target[index] = value < zero ? zero : value
        }
      }
    }
  }

  /// An operator whose FP32 form is a kernel.
  init(
    kernel: Elementwise.Unary, _ double: @escaping @Sendable (Double) -> Double,
    integers: IntegerFunction? = nil
  ) {
    allowed = integers == nil ? DataType.floats : DataType.numbers
    runF32 = { source, target, count in
      Elementwise.unary(kernel, into: target, source, count: count)
    }
    nanosecondsEach = 0.4
    generic = double
    self.integers = integers
  }

  /// An operator from a loop over Floats and a function on Double.
  init(
    loop: @escaping @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void,
    _ double: @escaping @Sendable (Double) -> Double, integers: IntegerFunction? = nil
  ) {
    allowed = integers == nil ? DataType.floats : DataType.numbers
    runF32 = loop
    nanosecondsEach = 2
    generic = double
    self.integers = integers
  }

  /// A function at every element, compiled into the loop.
  @inline(__always)
  static func map(
    _ source: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int,
    _ function: (Float) -> Float
  ) {
    for index in 0..<count { target[index] = function(source[index]) }
  }

  /// An operator from a function on Float and one on Double.
  init(
    _ single: @escaping @Sendable (Float) -> Float,
    _ double: @escaping @Sendable (Double) -> Double, integers: IntegerFunction? = nil
  ) {
    allowed = integers == nil ? DataType.floats : DataType.numbers
    runF32 = { source, target, count in
      for index in 0..<count { target[index] = single(source[index]) }
    }
    nanosecondsEach = 4
    generic = double
    self.integers = integers
  }
}
