internal import CKernels

extension LayerNormalizationOperator {
  /// Rows of FP32 with one scale, and one bias if any, for each element of a row; nil for others.
  func kernelStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, scale) = (try operands.input(0), try operands.input(1))
    let bias = operands.optional(2)
    let axis = try normalizedAxis(axis, rank: input.shape.count)
    let size = Shape.product(input.shape[axis...])
    guard input.dataType == .fp32, size > 0, scale.count == size,
      bias.map({ $0.count == size }) ?? true
    else { return nil }
    let rows = input.count / size
    let (source, target) = (UnsafePointer(input.f32), try operands.output().f32)
    let (weights, offsets) = (UnsafePointer(scale.f32), bias.map { UnsafePointer($0.f32) })
    let (mean, inverse) = (operands.optionalOutput(1)?.f32, operands.optionalOutput(2)?.f32)
    let (table, epsilon) = (Kernels.active.table, epsilon)
    let cost = Parallel.Cost.bytes(3 * input.byteCount)
    let threads = operands.threadPool
    return {
      Parallel.rows(rows, cost: cost, on: threads) { part in
        let (first, start) = (part.lowerBound, part.lowerBound * size)
        table.pointee.layerNorm(
          target + start, source + start, part.count, size, weights, offsets, epsilon,
          mean.map { $0 + first }, inverse.map { $0 + first })
      }
    }
  }
}
