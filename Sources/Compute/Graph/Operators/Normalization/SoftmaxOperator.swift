internal import Glibc

/// Softmax, LogSoftmax and Hardmax (one at the first largest element, zero elsewhere). Since opset
/// 13 along one axis; before, over everything from the axis on, as if the tensor had two
/// dimensions.
struct SoftmaxOperator: Operator {
  let axis: Int
  let function: Function
  let flattens: Bool

  enum Function: Sendable { case softmax, logSoftmax, hardmax }

  var inPlaceInputs: [Int] { [0] }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0, among: DataType.floats)
    if let shape = type.shape { _ = try normalizedAxis(axis, rank: shape.count) }
    return [type]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let axis = try normalizedAxis(axis, rank: input.shape.count)
    if input.count == 0 { return nil }
    let outer = Shape.product(input.shape[..<axis])
    let size =
      input.shape.isEmpty
      ? 1 : flattens ? Shape.product(input.shape[axis...]) : input.shape[axis]
    let inner = input.count / (outer * size)
    if function == .hardmax, input.dataType == .fp32, inner == 1 {
      return Self.hardRows(input, output, outer, size)
    }
    if function == .hardmax {
      return hardStep(try input.dataType.numeric(), input, output, outer, size, inner)
    }
    if input.dataType == .fp32 {
      let (source, target) = (UnsafePointer(input.f32), output.f32)
      let run = function == .logSoftmax ? Softmax.runLogarithmic : Softmax.run
      let cost = Parallel.Cost.elements(input.count, nanosecondsEach: 0.5)
      let threads = operands.threadPool
      return {
        Parallel.rows(outer, cost: cost, on: threads) { part in
          let start = part.lowerBound * size * inner
          run(source + start, target + start, part.count, size, inner, .active)
        }
      }
    }
    return step(try input.dataType.numeric(), input, output, outer, size, inner)
  }

  @_specialize(where T == Float)
  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ outer: Int, _ size: Int,
    _ inner: Int
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let isLog = function == .logSoftmax
    return {
      for block in 0..<outer {
        for column in 0..<inner {
          let start = block * size * inner + column
          var largest = -Double.infinity
          for index in 0..<size {
            largest = Double.maximum(largest, source[start + index * inner].asDouble)
          }
          var sum = 0.0
          for index in 0..<size { sum += exp(source[start + index * inner].asDouble - largest) }
          let logSum = log(sum)
          for index in 0..<size {
            let value = source[start + index * inner].asDouble - largest
            target[start + index * inner] = T(
              converting: isLog ? value - logSum : exp(value) / sum)
          }
        }
      }
    }
  }

  /// Which one is largest is found for some rows at a time: they may be the output's own memory.
  private static func hardRows(
    _ input: Operand, _ output: Operand, _ outer: Int, _ size: Int
  ) -> Step {
    let (source, target) = (UnsafePointer(input.f32), output.f32)
    let kernels = Kernels.active
    return {
      withUnsafeTemporaryAllocation(of: Int64.self, capacity: 64) { places in
        for first in stride(from: 0, to: outer, by: places.count) {
          let count = min(places.count, outer - first)
          Reduction.indexOfMaximum(
            source + first * size, into: places.baseAddress!, outer: count, axis: size,
            kernels: kernels)
          memset(target + first * size, 0, count * size * MemoryLayout<Float>.size)
          for row in 0..<count { target[(first + row) * size + Int(places[row])] = 1 }
        }
      }
    }
  }

  private func hardStep<T: Element>(
    _ type: T.Type, _ input: Operand, _ output: Operand, _ outer: Int, _ size: Int,
    _ inner: Int
  ) -> Step {
    let (source, target) = (input.pointer(T.self), output.pointer(T.self))
    let (zero, one) = (T.zero, T(converting: 1))
    return {
      for line in 0..<outer * inner {
        let start = line / inner * size * inner + line % inner
        var best = start
        for index in 1..<max(size, 1) {
          let (value, held) = (source[start + index * inner], source[best])
          // A NaN wins, as in NumPy.
          if value > held || value != value && held == held { best = start + index * inner }
        }
        for index in 0..<size { target[start + index * inner] = zero }
        target[best] = one
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    for (name, function) in [
      ("Softmax", Function.softmax), ("LogSoftmax", .logSoftmax), ("Hardmax", .hardmax),
    ] {
      registry.register(name) { context throws(GraphError) in
        let flattens = context.opset < 13
        return SoftmaxOperator(
          axis: try context.int("axis", default: flattens ? 1 : -1), function: function,
          flattens: flattens)
      }
    }
  }
}
