internal import Glibc

/// GatherND: each row of the last dimension of the indices names a slice.
struct GatherNDOperator: Operator {
  let batchCount: Int

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    let indices = try inputs.type(1, among: [.int64])
    guard let shape = type.shape, let picked = indices.shape, let depth = picked.last, depth >= 0
    else { return [TensorType(type.dataType, nil)] }
    guard batchCount >= 0, batchCount < picked.count, batchCount + depth <= shape.count,
      (0..<batchCount).allSatisfy({
        shape[$0] == picked[$0] || shape[$0] < 0 || picked[$0] < 0
      })
    else {
      throw GraphError(
        code: .shapeMismatch,
        message: "indices \(Shape.describe(picked)) with \(batchCount) batch dimensions do not fit "
          + "\(Shape.describe(shape))")
    }
    return [TensorType(type.dataType, picked.dropLast() + shape[(batchCount + depth)...])]
  }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, indices) = (try operands.input(0), try operands.input(1))
    let place = SlicePlace(
      data: input.shape, indices: indices.shape, batchCount: batchCount, Indices(indices))
    let output = try operands.output()
    if let size = input.dataType.elementByteCount {
      let (source, target, byteCount) = (input.bytes, output.bytes, place.count * size)
      let sliceCount = place.count == 0 ? 0 : output.count / place.count
      return { () throws(ExecutionError) in
        try place.forEachStart(sliceCount) { slice, start in
          memcpy(target + slice * byteCount, source + start * size, byteCount)
        }
      }
    }
    return ElementMove.step(input, output) { index throws(ExecutionError) in
      try place.start(index / place.count) + index % place.count
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("GatherND") { context throws(GraphError) in
      GatherNDOperator(batchCount: try context.int("batch_dims", default: 0))
    }
  }
}

/// Where the slice starts that a row of indices names.
struct SlicePlace {
  /// Elements of a slice.
  let count: Int
  private let depth: Int
  private let rowsPerBatch: Int
  private let batchStride: Int
  private let sizes: [Int]
  private let strides: [Int]
  private let indices: Indices

  init(data: [Int], indices shape: [Int], batchCount: Int, _ indices: Indices) {
    depth = shape[shape.count - 1]
    rowsPerBatch = max(1, Shape.product(shape.dropLast()[batchCount...]))
    sizes = Array(data[batchCount..<batchCount + depth])
    strides = Array(Shape.strides(data)[batchCount..<batchCount + depth])
    count = Shape.product(data[(batchCount + depth)...])
    batchStride = Shape.product(data[batchCount...])
    self.indices = indices
  }

  /// Calls `body` with each of the first `rowCount` rows and where its slice starts.
  @inline(__always)
  func forEachStart(
    _ rowCount: Int, _ body: (Int, Int) -> Void
  ) throws(ExecutionError) {
    var failed: ExecutionError?
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 2 * depth + 1) { memory in
      for level in 0..<depth {
        (memory[2 * level], memory[2 * level + 1]) = (sizes[level], strides[level])
      }
      for row in 0..<rowCount {
        var position = rowCount > rowsPerBatch ? row / rowsPerBatch * batchStride : 0
        for level in 0..<depth {
          let (given, size) = (indices[row * depth + level], memory[2 * level])
          let index = given < 0 ? given &+ size : given
          guard index >= 0, index < size else {
            failed = Indices.outside(size)
            return
          }
          position += index * memory[2 * level + 1]
        }
        body(row, position)
      }
    }
    if let failed { throw failed }
  }

  func start(_ row: Int) throws(ExecutionError) -> Int {
    var position = row / rowsPerBatch * batchStride
    for level in 0..<depth {
      position += try indices.wrapped(row * depth + level, size: sizes[level]) * strides[level]
    }
    return position
  }
}
