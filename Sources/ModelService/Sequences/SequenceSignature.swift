internal import Compute
internal import RPC

/// What a stateful model gets beside its clients' inputs, and what it gives beside their outputs:
/// the signals and the state of Triton's sequence batching.
struct SequenceSignature: Sendable {
  /// An input that tells where in its sequence a request is.
  struct Control: Sendable {
    enum Signal: Sendable {
      case start, end, ready
      case correlationID
    }

    var signal: Signal
    var tensor: ModelSignature.Tensor
    /// The element for "no" and for "yes"; not for the correlation id.
    var falseTrue: (no: [UInt8], yes: [UInt8]) = ([], [])
  }

  /// An output that comes back as an input with the sequence's next request.
  struct State: Sendable {
    var input: ModelSignature.Tensor
    var output: ModelSignature.Tensor
    var initial: PreparedInference.Input
  }

  var controls: [Control] = []
  var states: [State] = []
  var idleNanosecondsMax: UInt64
  var hasBatchDimension: Bool

  /// Where every sequence begins.
  var initialState: SequenceState { SequenceState(tensors: states.map(\.initial)) }

  func hidesInput(_ name: String) -> Bool {
    controls.contains { $0.tensor.name == name } || states.contains { $0.input.name == name }
  }

  func hidesOutput(_ name: String) -> Bool {
    states.contains { $0.output.name == name }
  }

  /// The signature of the engine's runs: the clients' tensors, then controls and states.
  func extended(_ signature: ModelSignature) -> ModelSignature {
    ModelSignature(
      inputs: signature.inputs + controls.map(\.tensor) + states.map(\.input),
      outputs: signature.outputs + states.map(\.output), batchSizeMax: signature.batchSizeMax)
  }

  /// A client's request with everything that the engine wants to know. Throws when the model can't
  /// take the correlation id.
  func extended(
    _ request: PreparedInference, _ step: SequenceStep, _ state: SequenceState
  ) throws(RPCError) -> PreparedInference {
    var request = request
    for control in controls {
      request.inputs.append(
        PreparedInference.Input(
          shape: hasBatchDimension ? [1, 1] : [1], bytes: try element(control, step)[...]))
    }
    request.inputs += state.tensors
    request.wantsOutput += [Bool](repeating: true, count: states.count)
    return request
  }

  /// A run's outputs, parted into what the client gets and what the sequence keeps.
  func parted(_ result: InferenceResult) -> (InferenceResult, SequenceState) {
    let tensors = result.suffix(states.count).map {
      PreparedInference.Input(shape: $0?.shape ?? [], bytes: ($0?.bytes ?? [])[...])
    }
    return (Array(result.dropLast(states.count)), SequenceState(tensors: tensors))
  }

  private func element(_ control: Control, _ step: SequenceStep) throws(RPCError) -> [UInt8] {
    switch control.signal {
    case .start: return step.isStart ? control.falseTrue.yes : control.falseTrue.no
    case .end: return step.isEnd ? control.falseTrue.yes : control.falseTrue.no
    case .ready: return control.falseTrue.yes
    case .correlationID: break
    }
    guard control.tensor.dataType != .string else {
      return StringFraming.frame([Array(step.id.description.utf8)])
    }
    guard case .number(let number) = step.id,
      let element = Self.element(number, control.tensor.dataType)
    else {
      throw .invalid(
        "expected a sequence_id that fits \(control.tensor.dataType.oipName), which the model "
          + "takes as correlation ID, got '\(step.id)'")
    }
    return element
  }

  private static func element(_ number: UInt64, _ type: DataType) -> [UInt8]? {
    switch type {
    case .uint64: bytes(number)
    // An id that was sent as a negative int64 reaches the model as it was sent.
    case .int64: bytes(Int64(bitPattern: number))
    case .uint32: UInt32(exactly: number).map(bytes)
    case .int32: Int32(exactly: number).map(bytes)
    default: nil
    }
  }

  static func bytes<Element: BitwiseCopyable>(_ element: Element) -> [UInt8] {
    withUnsafeBytes(of: element) { Array($0) }
  }
}
