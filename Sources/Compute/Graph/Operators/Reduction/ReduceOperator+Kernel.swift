internal import Glibc

/// FP32 through the kernels.
extension ReduceOperator {
  func scratchByteCount(_ inputs: KnownInputs) throws(GraphError) -> Int {
    guard let type = inputs.optional(0), let shape = type.shape,
      let reduced = try reducedAxes(inputs, rank: shape.count),
      MiddleAxis(shape, reduced: reduced) == nil
    else { return 0 }
    return (stages(type.dataType, shape, reduced)?.between ?? 0) * MemoryLayout<Float>.stride
  }

  /// The kernel that does it, where there is one.
  var kernel: Reduction? {
    switch function {
    case .sum, .mean, .logSum: .sum
    case .max: .maximum
    case .min: .minimum
    case .product: .product
    case .sumSquare, .l2: .sumOfSquares
    case .l1, .logSumExp: nil
    }
  }

  /// FP32 with one run of reduced axes: through the kernel.
  func kernelStep(_ input: Operand, _ output: Operand, _ form: MiddleAxis) -> Step? {
    guard let kernel else { return nil }
    let (source, target, count, reduce) = (input.f32, output.f32, output.count, self)
    return {
      kernel.run(
        .fp32, source, into: target, outer: form.outer, axis: form.axis, inner: form.inner)
      reduce.finish(target, count, length: form.axis)
    }
  }

  /// What is left to do with what the kernel made of `length` elements each.
  private func finish(_ target: UnsafeMutablePointer<Float>, _ count: Int, length: Int) {
    let length = Float(length)
    switch function {
    case .mean: for index in 0..<count { target[index] /= length }
    case .l2: for index in 0..<count { target[index] = target[index].squareRoot() }
    case .logSum: for index in 0..<count { target[index] = logf(target[index]) }
    default: break
    }
  }

  /// FP32 with two runs of reduced axes, one of them the last axes: these first, to `between` elements.
  struct Stages {
    var last: Int
    var between: Int
    var first: MiddleAxis
  }

  func stages(_ type: DataType, _ shape: [Int], _ reduced: Set<Int>) -> Stages? {
    guard type == .fp32, kernel != nil, shape.allSatisfy({ $0 > 0 }) else { return nil }
    let start = (shape.indices.last { !reduced.contains($0) && shape[$0] != 1 } ?? -1) + 1
    let (outer, last) = (Array(shape[..<start]), Shape.product(shape[start...]))
    guard last > 1, let first = MiddleAxis(outer, reduced: reduced) else { return nil }
    return Stages(last: last, between: Shape.product(outer[...]), first: first)
  }

  func kernelStep(
    _ input: Operand, _ output: Operand, _ stages: Stages, _ scratch: UnsafeMutableRawPointer
  ) -> Step? {
    guard let kernel else { return nil }
    let (source, target, count, reduce) = (input.f32, output.f32, output.count, self)
    let between = scratch.assumingMemoryBound(to: Float.self)
    let (form, length) = (stages.first, stages.last * stages.first.axis)
    // The squares are there already.
    let second = kernel == .sumOfSquares ? Reduction.sum : kernel
    return {
      kernel.run(
        .fp32, source, into: between, outer: stages.between, axis: stages.last, inner: 1)
      second.run(
        .fp32, between, into: target, outer: form.outer, axis: form.axis, inner: form.inner)
      reduce.finish(target, count, length: length)
    }
  }
}

/// A shape as [outer, axis, inner] with the middle one reduced.
struct MiddleAxis {
  private(set) var outer = 1
  private(set) var axis = 1
  private(set) var inner = 1

  /// nil when other axes lie between the reduced ones.
  init?(_ shape: [Int], reduced: Set<Int>) {
    var isBehind = false
    var hasAxis = false
    for (index, size) in shape.enumerated() where size != 1 {
      if reduced.contains(index) {
        if isBehind { return nil }
        hasAxis = true
        axis *= size
      } else if hasAxis {
        isBehind = true
        inner *= size
      } else {
        outer *= size
      }
    }
  }
}
