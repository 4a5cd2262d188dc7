internal import Glibc

/// Dropout: at inference the input unchanged, and a mask of ones for whoever asks; told to train,
/// elements at random set to zero and the others scaled up.
struct DropoutOperator: Operator {
  let seed: UInt32?
  /// Whether the node may be told to train: since opset 12 by an input.
  let mayTrain: Bool

  var aliasedInput: Int? { mayTrain ? nil : 0 }
  var isFoldable: Bool { !mayTrain }

  func infer(_ inputs: KnownInputs) throws(GraphError) -> [TensorType] {
    let type = try inputs.type(0)
    guard type.dataType.isFloatingPoint else {
      throw GraphError(
        code: .unsupportedType, message: "Dropout needs floats, got \(type.dataType)")
    }
    if mayTrain {
      _ = try inputs.type(2, among: [.bool])
      for index in 1...2 { try inputs.checkScalar(index) }
      if inputs.optional(1) != nil { _ = try inputs.type(1, among: DataType.floats) }
    }
    return [type, TensorType(.bool, type.shape)]
  }

  func reads(input index: Int) -> Bool { index == 0 || mayTrain }

  func makeStep(_ operands: Operands) throws(GraphError) -> Step? {
    let (input, output) = (try operands.input(0), try operands.output())
    let (source, target, byteCount) = (input.bytes, output.bytes, input.byteCount)
    let mask = operands.optionalOutput(1)
    let copy: Step = {
      if source != target { memcpy(target, source, byteCount) }
      if let mask { memset(mask.bytes, 1, mask.count) }
    }
    if !mayTrain { return source == target && mask == nil ? nil : copy }
    let isTraining = try operands.input(2).pointer(UInt8.self)
    let train = try step(try input.dataType.numeric(), input, operands)
    return { () throws(ExecutionError) in
      if isTraining[0] == 0 { try copy() } else { try train() }
    }
  }

  private func step<T: Element>(
    _ type: T.Type, _ input: Operand, _ operands: Operands
  ) throws(GraphError) -> Step {
    let (source, target) = (input.pointer(T.self), try operands.output().pointer(T.self))
    var ratio: NumberReader?
    if let given = operands.optional(1) { ratio = try NumberReader(given) }
    let mask = operands.optionalOutput(1)?.pointer(UInt8.self)
    let (random, count) = (RandomSource(seed: seed), input.count)
    return { [ratio] in
      let ratio = ratio?[0] ?? 0.5
      let scale = ratio < 1 ? 1 / (1 - ratio) : 0
      for index in 0..<count {
        // Nothing is drawn when nothing can be dropped.
        let isKept = ratio <= 0 || random.uniform() >= ratio
        target[index] = isKept ? T(converting: source[index].asDouble * scale) : T.zero
        mask?[index] = isKept ? 1 : 0
      }
    }
  }

  static func register(in registry: inout OperatorRegistry) {
    registry.register("Dropout") { context throws(GraphError) in
      // A constant "no" is the rule in exported models.
      let training = context.known.optional(2)
      let isOff =
        context.constant(2).map { $0.dataType == .bool && $0.elements(as: UInt8.self) == [0] }
        ?? false
      return DropoutOperator(
        seed: try context.int("seed").map { UInt32(truncatingIfNeeded: $0) },
        mayTrain: training != nil && !isOff)
    }
  }
}
