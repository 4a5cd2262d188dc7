internal import Compute
internal import Protocols

extension SequenceSignature {
  /// Triton's default for `max_sequence_idle_microseconds`.
  static let idleMicrosecondsDefault: UInt64 = 1_000_000
  /// About 30 years: nobody waits longer, and sums with it stay in range.
  private static let idleMicrosecondsMax: UInt64 = 1 << 50
  /// What one sequence may begin with: as much as all may hold by default.
  private static let initialByteCountMax = 256 << 20

  /// Checks `sequence_batching` against the model; nil when there is none.
  init?(
    _ config: Inference.ModelConfig, inputs: [TensorSpec], outputs: [TensorSpec]
  ) throws(ConfigurationError) {
    guard case .sequenceBatching(let batching) = config.schedulingChoice else { return nil }
    let idle = batching.maxSequenceIdleMicroseconds
    idleNanosecondsMax =
      min(idle == 0 ? Self.idleMicrosecondsDefault : idle, Self.idleMicrosecondsMax) * 1000
    hasBatchDimension = config.maxBatchSize > 0
    for entry in batching.controlInput {
      controls.append(try control(entry, inputs))
    }
    for entry in batching.state {
      states.append(try state(entry, inputs, outputs))
    }
  }

  // MARK: - Controls

  private func control(
    _ entry: Inference.ModelSequenceBatching.ControlInput, _ inputs: [TensorSpec]
  ) throws(ConfigurationError) -> Control {
    let (index, spec) = try unused(entry.name, inputs, "control_input")
    guard entry.control.count == 1, let written = entry.control.first else {
      throw ConfigurationError(
        "expected one control for control_input '\(entry.name)', got \(entry.control.count)")
    }
    let shape = hasBatchDimension ? [-1, 1] : [1]
    guard spec.shape.count == shape.count, [1, -1].contains(spec.shape[shape.count - 1]) else {
      throw ConfigurationError(
        "expected control_input '\(entry.name)' of shape \(describe(shape)), the model says "
          + "\(describe(spec.shape))")
    }
    let tensor = ModelSignature.Tensor(
      name: entry.name, dataType: spec.dataType, shape: shape, engineIndex: index)
    let control: Control
    switch written.kind {
    case .start: control = try boolean(.start, written, tensor)
    case .end: control = try boolean(.end, written, tensor)
    case .ready: control = try boolean(.ready, written, tensor)
    case .corrid:
      let types: [DataType] = [.uint64, .int64, .uint32, .int32, .string]
      guard types.contains(tensor.dataType),
        written.dataType == tensor.dataType.configurationType
      else {
        throw ConfigurationError(
          "CONTROL_SEQUENCE_CORRID '\(entry.name)': expected the same data_type in the model and "
            + "the configuration, one of UINT64, INT64, UINT32, INT32 and STRING, got "
            + "\(tensor.dataType.oipName) in the model")
      }
      control = Control(signal: .correlationID, tensor: tensor)
    default:
      throw ConfigurationError(
        "expected a known kind of control for '\(entry.name)', got number \(written.kind.rawValue)")
    }
    guard !controls.contains(where: { $0.signal == control.signal }) else {
      throw ConfigurationError(
        "expected each kind of control once, got a second one in '\(entry.name)'")
    }
    return control
  }

  private func boolean(
    _ signal: Control.Signal, _ written: Inference.ModelSequenceBatching.Control,
    _ tensor: ModelSignature.Tensor
  ) throws(ConfigurationError) -> Control {
    var lists: [(type: DataType, elements: [[UInt8]])] = []
    lists.append((.int32, written.int32FalseTrue.map(Self.bytes)))
    lists.append((.fp32, written.fp32FalseTrue.map(Self.bytes)))
    lists.append((.bool, written.boolFalseTrue.map { [$0 ? 1 : 0] }))
    lists.removeAll { $0.elements.isEmpty }
    guard lists.count == 1, let list = lists.first, list.elements.count == 2 else {
      throw ConfigurationError(
        "control_input '\(tensor.name)': expected two values in one of int32_false_true, "
          + "fp32_false_true and bool_false_true, got others")
    }
    guard list.type == tensor.dataType else {
      throw ConfigurationError(
        "control_input '\(tensor.name)': the model has \(tensor.dataType.oipName), the "
          + "configuration says \(list.type.oipName)")
    }
    return Control(
      signal: signal, tensor: tensor, falseTrue: (list.elements[0], list.elements[1]))
  }

  // MARK: - States

  private func state(
    _ entry: Inference.ModelSequenceBatching.State, _ inputs: [TensorSpec],
    _ outputs: [TensorSpec]
  ) throws(ConfigurationError) -> State {
    let (inputIndex, inputSpec) = try unused(entry.inputName, inputs, "state input_name")
    guard let outputIndex = outputs.firstIndex(where: { $0.name == entry.outputName }),
      !hidesOutput(entry.outputName)
    else {
      throw ConfigurationError(
        "state '\(entry.inputName)': expected an output of the model that is no other state's "
          + "output_name, got '\(entry.outputName)'")
    }
    let outputSpec = outputs[outputIndex]
    guard inputSpec.dataType == outputSpec.dataType,
      entry.dataType == .invalid || entry.dataType == inputSpec.dataType.configurationType
    else {
      throw ConfigurationError(
        "state '\(entry.inputName)': expected one datatype, got \(inputSpec.dataType.oipName) for "
          + "the model's input, \(outputSpec.dataType.oipName) for its output '\(entry.outputName)'"
          + " and \(DataType(entry.dataType)?.oipName ?? "none") in the configuration")
    }
    let input = ModelSignature.Tensor(
      name: entry.inputName, dataType: inputSpec.dataType,
      shape: try Inference.ModelConfig.merge(
        entry.dims, inputSpec, hasBatchDimension, "state input"),
      engineIndex: inputIndex)
    let output = ModelSignature.Tensor(
      name: entry.outputName, dataType: outputSpec.dataType,
      shape: try Inference.ModelConfig.merge(
        entry.dims, outputSpec, hasBatchDimension, "state output"),
      engineIndex: outputIndex)
    return State(input: input, output: output, initial: try initial(entry, input))
  }

  /// Zeros (or empty strings), with 1 for every size that is not said.
  private func initial(
    _ entry: Inference.ModelSequenceBatching.State, _ input: ModelSignature.Tensor
  ) throws(ConfigurationError) -> PreparedInference.Input {
    var shape = input.shape.map { $0 == -1 ? 1 : $0 }
    guard entry.initialState.count <= 1 else {
      throw ConfigurationError(
        "state '\(entry.inputName)': expected at most one initial_state, got "
          + "\(entry.initialState.count)")
    }
    if let written = entry.initialState.first {
      guard case .zeroData = written.stateData else {
        throw Inference.ModelConfig.unsupported(
          "initial_state without zero_data (state '\(entry.inputName)')")
      }
      let dims = (hasBatchDimension ? [1] : []) + written.dims.map(Int.init)
      let fits =
        dims.count == input.shape.count
        && zip(dims, input.shape).allSatisfy { $0 >= 0 && ($1 == -1 || $0 == $1) }
      guard fits else {
        throw ConfigurationError(
          "state '\(entry.inputName)': expected initial_state of shape \(describe(input.shape)), "
            + "got \(describe(dims))")
      }
      shape = dims
    }
    guard let count = Shape.elementCount(shape),
      case let (byteCount, overflow) = count.multipliedReportingOverflow(
        by: input.dataType.elementByteCount ?? 4), !overflow,
      byteCount <= Self.initialByteCountMax
    else {
      throw ConfigurationError(
        "state '\(entry.inputName)': expected at most \(Self.initialByteCountMax) bytes to begin "
          + "with, got shape \(describe(shape))")
    }
    // An empty string is framed by four zeros.
    let zeros = [UInt8](repeating: 0, count: byteCount)
    return PreparedInference.Input(shape: shape, bytes: zeros[...])
  }

  private func unused(
    _ name: String, _ specs: [TensorSpec], _ field: String
  ) throws(ConfigurationError) -> (Int, TensorSpec) {
    guard let index = specs.firstIndex(where: { $0.name == name }), !hidesInput(name) else {
      let names = specs.map { "'\($0.name)'" }.joined(separator: ", ")
      throw ConfigurationError(
        "\(field): expected one of the model's inputs \(names) that nothing else uses, got '\(name)'"
      )
    }
    return (index, specs[index])
  }
}
