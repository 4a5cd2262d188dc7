internal import Compute
internal import Protocols

extension Inference.ModelConfig {
  /// The configuration in force: what was written, checked against the model, with everything that
  /// was left out filled in from it. A configuration that asks for something unknown here is
  /// refused rather than served differently from what it says.
  func completed(
    name: String, platform: String, inputs: [TensorSpec], optionalInputs: [TensorSpec] = [],
    outputs: [TensorSpec]
  ) throws(ConfigurationError) -> (config: Inference.ModelConfig, signature: ModelSignature) {
    let optionalNames = Set(optionalInputs.map(\.name))
    try refuseUnsupported(optionalInputs: optionalNames)
    var config = self
    // The folder names the model: one deployed under another name keeps its configuration.
    config.name = name
    config.platform = platform
    config.backend = ""
    let isBatching = maxBatchSize > 0
    guard maxBatchSize >= 0 else {
      throw ConfigurationError("expected max_batch_size of 0 or more, got \(maxBatchSize)")
    }
    for spec in inputs where isBatching {
      guard let first = spec.shape.first, first == -1 else {
        throw ConfigurationError(
          "max_batch_size is \(maxBatchSize), so the first dimension of input '\(spec.name)' must "
            + "be of any size, but the model says \(describe(spec.shape))")
      }
    }
    let sequence = try SequenceSignature(self, inputs: inputs, outputs: outputs)
    let inputSignature = try Self.match(
      input.filter { !optionalNames.contains($0.name) }.map { ($0.name, $0.dataType, $0.dims) },
      inputs.enumerated().filter { sequence?.hidesInput($0.element.name) != true }, isBatching,
      "input", all: true)
    // All of them are taken, whichever are written down.
    _ = try Self.match(
      input.filter { optionalNames.contains($0.name) }.map { ($0.name, $0.dataType, $0.dims) },
      Array(optionalInputs.enumerated()), isBatching, "input", all: false)
    let optionalSignature = try Self.match(
      [], Array(optionalInputs.enumerated()), isBatching, "input", all: false)
    // A state may be shown too, when the configuration lists it among the outputs.
    let outputSignature = try Self.match(
      output.map { ($0.name, $0.dataType, $0.dims) },
      outputs.enumerated().filter {
        !output.isEmpty || sequence?.hidesOutput($0.element.name) != true
      }, isBatching, "output", all: false)
    config.input = (inputSignature + optionalSignature).map { tensor in
      var entry = input.first { $0.name == tensor.name } ?? Inference.ModelInput()
      entry.name = tensor.name
      entry.optional = optionalNames.contains(tensor.name)
      entry.dataType = tensor.dataType.configurationType
      entry.dims = tensor.shape.dropFirst(isBatching ? 1 : 0).map(Int64.init)
      return entry
    }
    config.output = outputSignature.map { tensor in
      var entry = output.first { $0.name == tensor.name } ?? Inference.ModelOutput()
      entry.name = tensor.name
      entry.dataType = tensor.dataType.configurationType
      entry.dims = tensor.shape.dropFirst(isBatching ? 1 : 0).map(Int64.init)
      return entry
    }
    if config.versionPolicy?.policyChoice == nil {
      var latest = Inference.ModelVersionPolicy.Latest()
      latest.numVersions = 1
      config.versionPolicy = Inference.ModelVersionPolicy()
      config.versionPolicy?.policyChoice = .latest(latest)
    }
    if let sequence { config.complete(sequence) }
    let signature = ModelSignature(
      inputs: inputSignature, optionalInputs: optionalSignature, outputs: outputSignature,
      batchSizeMax: Int(maxBatchSize), sequence: sequence)
    return (config, signature)
  }

  private mutating func complete(_ sequence: SequenceSignature) {
    guard case .sequenceBatching(var batching) = schedulingChoice else { return }
    batching.maxSequenceIdleMicroseconds = sequence.idleNanosecondsMax / 1000
    if batching.strategyChoice == nil {
      batching.strategyChoice = .direct(Inference.ModelSequenceBatching.StrategyDirect())
    }
    schedulingChoice = .sequenceBatching(batching)
  }

  /// Pairs what the configuration says with what the model has. Nothing written: the model's own.
  private static func match(
    _ written: [(name: String, type: Inference.DataType, dims: [Int64])],
    _ specs: [(offset: Int, element: TensorSpec)], _ isBatching: Bool, _ kind: String, all: Bool
  ) throws(ConfigurationError) -> [ModelSignature.Tensor] {
    guard !written.isEmpty else {
      return specs.map { index, spec in
        var shape = spec.shape
        if isBatching, !shape.isEmpty { shape[0] = -1 }
        return ModelSignature.Tensor(
          name: spec.name, dataType: spec.dataType, shape: shape, engineIndex: index)
      }
    }
    guard !all || written.count == specs.count else {
      throw ConfigurationError(
        "expected the model's \(specs.count) \(kind)s, got \(written.count) in the configuration")
    }
    var result: [ModelSignature.Tensor] = []
    for (name, type, dims) in written {
      guard let (index, spec) = specs.first(where: { $0.element.name == name }) else {
        let names = specs.map { "'\($0.element.name)'" }.joined(separator: ", ")
        throw ConfigurationError("expected one of the \(kind)s \(names), got '\(name)'")
      }
      guard !result.contains(where: { $0.name == name }) else {
        throw ConfigurationError("expected \(kind) '\(name)' once, got it twice")
      }
      guard type == .invalid || type == spec.dataType.configurationType else {
        let got = DataType(type)?.oipName ?? "type number \(type.rawValue)"
        throw ConfigurationError(
          "\(kind) '\(name)': the model has \(spec.dataType.oipName), the configuration says \(got)"
        )
      }
      let shape = try merge(dims, spec, isBatching, kind)
      result.append(
        ModelSignature.Tensor(
          name: name, dataType: spec.dataType, shape: shape, engineIndex: index))
    }
    return result
  }

  /// Each dimension must agree; the configuration may fix one that the model leaves open, and for
  /// an output say -1 where the model knows more.
  static func merge(
    _ dims: [Int64], _ spec: TensorSpec, _ isBatching: Bool, _ kind: String
  ) throws(ConfigurationError) -> [Int] {
    var wanted = dims.map { Int(truncatingIfNeeded: $0) }
    if isBatching { wanted.insert(-1, at: 0) }
    let agrees =
      wanted.count == spec.shape.count
      && zip(wanted, spec.shape).allSatisfy { wanted, actual in
        wanted >= -1 && (wanted == actual || actual == -1 || wanted == -1)
      }
    guard agrees else {
      throw ConfigurationError(
        "\(kind) '\(spec.name)': the model has shape \(describe(spec.shape)), the configuration "
          + "says \(describe(wanted))\(isBatching ? " (the batch in front)" : "")")
    }
    var shape = zip(wanted, spec.shape).map { wanted, actual in wanted == -1 ? actual : wanted }
    if isBatching { shape[0] = -1 }
    return shape
  }
}
