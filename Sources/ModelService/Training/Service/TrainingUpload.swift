internal import JSON
internal import Protocols
internal import RPC
internal import Training

/// One job being sent, part by part.
final class TrainingUpload: Sendable {
  private let staged: StagedJob
  private let model: String
  private let specification: [UInt8]
  private let options: MartletV1.TrainingOptions
  private let caller: Caller
  /// Whether the client sends the model to begin with.
  private let expectsInitialFile: Bool

  /// Begins with the first part, which says what is to be made.
  init(
    _ first: MartletV1.CreateTrainingRequest, caller: Caller, store: JobStore,
    registry: Registry
  ) throws {
    guard !first.model.isEmpty else {
      throw RPCError.invalid("expected the model's name in the first message, got none")
    }
    try caller.require(.deploy, model: first.model)
    guard RepositoryName.isValid(first.model) else {
      throw RPCError.invalid(
        "expected a model's name of 1…\(RepositoryName.byteCountMax) letters, digits, '_', '-', '.' or "
          + "'+' that does not begin with '.', got '\(first.model.clipped)'")
    }
    options = first.options ?? MartletV1.TrainingOptions()
    var description = try Self.specification(first.specification, options, store.limits)
    let source = try InitialSource(description, caller: caller, registry: registry)
    if case .version(let version)? = source {
      // What is trained later begins with what is there now, whatever is deployed or deleted meanwhile.
      description = SpecificationOptions(initialModel: version.description).applied(to: description)
    }
    specification = description.serialized()
    expectsInitialFile = source == .file
    (model, self.caller) = (first.model, caller)
    do { staged = try store.stage(caller.tenant) } catch { throw error.status }
    do {
      if case .version(let version)? = source { try version.copy(to: staged, registry) }
      try append(first)
    } catch {
      staged.abort()
      throw error
    }
  }

  /// Takes a further part.
  func receive(_ part: MartletV1.CreateTrainingRequest) throws {
    guard part.model.isEmpty || part.model == model else {
      throw RPCError.invalid(
        "expected parts for model '\(model)', got one for '\(part.model.clipped)'")
    }
    guard part.specification.isEmpty, part.options == nil else {
      throw RPCError.invalid("expected the description and the options in the first message only")
    }
    try append(part)
  }

  private func append(_ part: MartletV1.CreateTrainingRequest) throws {
    if part.file.isEmpty, part.data.isEmpty { return }
    if part.file == JobFolder.initialFile {
      guard expectsInitialFile else {
        throw RPCError.invalid(
          "expected no '\(part.file)': fit.initial_model does not name an .onnx file")
      }
      do { return try staged.append(part.data[...], to: part.file) } catch { throw error.status }
    }
    let role = part.file.prefix { $0 != "." }
    guard DataFile.isKnown(part.file), role == "training" || role == "validation" else {
      throw RPCError.invalid(
        "expected 'training' or 'validation' with one of the endings "
          + "\(DataFile.endings.joined(separator: ", ")), got '\(part.file.clipped)'"
          + DataFile.advice(part.file))
    }
    let others = staged.fileNames.filter { $0.hasPrefix(role + ".") && $0 != part.file }
    guard others.isEmpty else {
      throw RPCError.invalid("expected one file of \(role) data, got '\(part.file)' too")
    }
    do { try staged.append(part.data[...], to: part.file) } catch { throw error.status }
  }

  /// Makes the job.
  func finish() throws -> JobFolder {
    let files = staged.fileNames
    guard let training = files.first(where: { $0.hasPrefix("training.") }) else {
      throw RPCError.invalid("expected a file of training data, got none")
    }
    guard !expectsInitialFile || files.contains(JobFolder.initialFile) else {
      throw RPCError.invalid(
        "expected '\(JobFolder.initialFile)', for fit.initial_model names an .onnx file; for a stored "
          + "version it is MODEL or MODEL:VERSION")
    }
    for file in files where staged.byteCount(of: file) == 0 {
      throw RPCError.invalid("expected examples, got an empty file '\(file)'")
    }
    let order = JobOrder(
      model: model, createdMilliseconds: WallClock.milliseconds, keyID: caller.keyID,
      trainingFile: training, validationFile: files.first { $0.hasPrefix("validation.") },
      threadCount: Int(options.threads), deploys: !options.noDeploy)
    do {
      return try staged.commit(order, specification: specification)
    } catch {
      throw error.status
    }
  }

  /// Forgets what was received.
  func abort() { staged.abort() }

  /// The description with what the options say.
  private static func specification(
    _ text: String, _ options: MartletV1.TrainingOptions, _ limits: TrainingLimits
  ) throws -> JSONValue {
    guard text.utf8.count <= limits.specificationByteCountMax else {
      throw RPCError.invalid(
        "expected a description of at most \(limits.specificationByteCountMax) bytes, got "
          + "\(text.utf8.count)")
    }
    let value: JSONValue
    do throws(JSONError) { value = try JSONValue(parsing: Array(text.utf8)[...]) } catch {
      throw RPCError.invalid("the description is no JSON: \(error)")
    }
    guard case .object = value else {
      throw RPCError.invalid("expected an object as the description, got \(value.kind)")
    }
    var given = SpecificationOptions(
      target: options.target, initialModel: options.initialModel)
    if case .seed(let seed)? = options.givenSeed { given.seed = seed }
    given.workers = options.workers == 0 ? nil : Int(options.workers)
    given.servers = options.servers == 0 ? nil : Int(options.servers)
    given.mode = options.mode.isEmpty ? nil : options.mode
    given.compression = options.compression.isEmpty ? nil : options.compression
    return given.applied(to: value)
  }
}
