/// A value with its place in memory, as a step sees it.
struct Operand {
  let dataType: DataType
  let shape: [Int]
  /// Elements in the value.
  let count: Int
  /// The elements' place in the plan's memory; 64-byte aligned. Meaningless for strings.
  var bytes: UnsafeMutableRawPointer
  /// The framed elements, for strings only.
  let strings: StringBuffer?
  /// Tells where the elements are in this run, for an input that is not copied into the plan's memory.
  var place: UnsafePointer<UnsafeMutableRawPointer>?

  /// For steps that follow an input of the model to where the caller has it.
  var address: Address { Address(fixed: bytes, place: place) }

  /// What a step keeps to find elements that are not in the same place in every run.
  struct Address {
    fileprivate let fixed: UnsafeMutableRawPointer
    fileprivate let place: UnsafePointer<UnsafeMutableRawPointer>?

    /// Where the elements are in this run, aligned for their type; not to be kept for the next one.
    var current: UnsafeRawPointer { UnsafeRawPointer(place?.pointee ?? fixed) }

    var f32: UnsafePointer<Float> { current.assumingMemoryBound(to: Float.self) }
  }

  /// The elements as a trivial type. The caller has checked `dataType`.
  func pointer<Element>(_ type: Element.Type) -> UnsafeMutablePointer<Element> {
    bytes.assumingMemoryBound(to: Element.self)
  }

  var f32: UnsafeMutablePointer<Float> { pointer(Float.self) }

  var byteCount: Int { count * (dataType.elementByteCount ?? 0) }

  /// The value, valid until the next run.
  var view: TensorView {
    TensorView(
      dataType: dataType, shape: shape,
      bytes: strings?.bytes ?? UnsafeRawBufferPointer(start: bytes, count: byteCount))
  }
}

/// Where a step finds its inputs and puts its outputs.
struct Operands {
  var inputs: [Operand?]
  let outputs: [Operand?]
  /// Memory nobody else uses while the step runs; as large as the operator asked for.
  let scratch: UnsafeMutableRawPointer
  /// The same facts `infer` saw.
  let known: KnownInputs
  /// Threads that ``Parallel`` may use; nil for the caller's alone.
  let threadPool: ThreadPool?

  func input(_ index: Int) throws(GraphError) -> Operand {
    guard index < inputs.count, let operand = inputs[index] else {
      throw GraphError(code: .missingInput, message: "input \(index) is required and missing")
    }
    return operand
  }

  func optional(_ index: Int) -> Operand? { index < inputs.count ? inputs[index] : nil }

  func output(_ index: Int = 0) throws(GraphError) -> Operand {
    guard index < outputs.count, let operand = outputs[index] else {
      throw GraphError(code: .invalidGraph, message: "output \(index) is required and missing")
    }
    return operand
  }

  /// A step that fails when the texts it writes get too long.
  func checked(_ step: @escaping Step) -> Step {
    guard outputs.contains(where: { $0?.strings != nil }) else { return step }
    return { () throws(ExecutionError) in
      try step()
      try checkTexts()
    }
  }

  /// Texts only tell while they are written how long they get.
  func checkTexts() throws(ExecutionError) {
    for index in 0..<outputs.count {
      if let strings = outputs[index]?.strings, strings.isFull {
        throw ExecutionError(
          code: .resourceExhausted,
          message: "the texts of one tensor may take \(strings.byteCountMax) bytes, got more")
      }
    }
  }

  func optionalOutput(_ index: Int) -> Operand? {
    index < outputs.count ? outputs[index] : nil
  }
}
