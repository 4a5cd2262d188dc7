/// Runs one operator on known inputs, outside any plan: constant folding and values that
/// decide shapes.
enum Evaluator {
  /// Scratch memory, and texts: as much as a service's plan may have by default. A hostile length
  /// must not be asked of the system.
  private static let byteCountMax = 1 << 30

  static func run(
    _ op: any Operator, _ known: KnownInputs, types: [TensorType], threads: ThreadPool? = nil
  ) throws(GraphError) -> [Tensor] {
    var inputs: [Operand?] = []
    for index in 0..<known.count {
      inputs.append(known.constants[index].map(operand(of:)))
    }
    var outputs: [Operand?] = []
    var storages: [TensorStorage] = []
    for type in types {
      guard let shape = type.shape, type.isConcrete,
        let count = Shape.elementCount(shape)
      else {
        throw GraphError(
          code: .shapeMismatch, message: "the output's shape cannot be known in advance")
      }
      guard let byteCount = type.dataType == .string ? 0 : Shape.byteCount(shape, type.dataType)
      else {
        throw GraphError(
          code: .shapeOverflow, message: "shape \(Shape.describe(shape)) overflows")
      }
      let storage = TensorStorage(byteCount: byteCount)
      storages.append(storage)
      outputs.append(
        Operand(
          dataType: type.dataType, shape: shape, count: count, bytes: storage.base,
          strings: type.dataType == .string ? StringBuffer(byteCountMax: byteCountMax) : nil))
    }
    let scratchByteCount = try op.scratchByteCount(known)
    guard (0...byteCountMax).contains(scratchByteCount) else {
      throw GraphError(
        code: .resourceExhausted,
        message: "an operator may work in \(byteCountMax) bytes, got \(scratchByteCount)")
    }
    let scratch = TensorStorage(byteCount: scratchByteCount)
    let operands = Operands(
      inputs: inputs, outputs: outputs, scratch: scratch.base, known: known,
      threadPool: threads)
    do {
      try op.makeStep(operands)?()
      try operands.checkTexts()
    } catch let error as ExecutionError {
      let isLarge = error.code == .resourceExhausted
      throw GraphError(
        code: isLarge ? .resourceExhausted : .invalidGraph, message: error.message)
    } catch let error as GraphError {
      throw error
    } catch {
      preconditionFailure("steps throw only typed errors: \(error)")
    }
    return withExtendedLifetime((known, scratch)) {
      zip(types, zip(outputs, storages)).map { type, place in
        guard let strings = place.0?.strings else {
          return Tensor(dataType: type.dataType, shape: type.shape!, storage: place.1)
        }
        return Tensor(
          dataType: .string, shape: type.shape!,
          storage: TensorStorage(byteCount: strings.count) {
            $0.copyMemory(from: strings.bytes)
          })
      }
    }
  }

  /// A constant as an operand. The tensor must outlive it.
  static func operand(of tensor: Tensor) -> Operand {
    Operand(
      dataType: tensor.dataType, shape: tensor.shape, count: tensor.elementCount,
      bytes: tensor.storage.base,
      strings: tensor.dataType == .string ? StringBuffer(tensor) : nil)
  }
}
