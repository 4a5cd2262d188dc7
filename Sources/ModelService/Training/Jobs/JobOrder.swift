internal import JSON
internal import RPC
internal import Training

/// What a job was asked to do. Written once, when the job is made.
struct JobOrder: Sendable, Equatable {
  /// The model whose next version it makes.
  var model: String
  /// Milliseconds since 1970.
  var createdMilliseconds: Int64
  /// The public part of the key that asked.
  var keyID: String
  /// Names of the files of data, e.g. `training.npz`.
  var trainingFile: String
  /// nil: none.
  var validationFile: String?
  /// 0: as many as allowed.
  var threadCount = 0
  /// Whether the result is served.
  var deploys = true

  /// The order as a file.
  var bytes: [UInt8] {
    var members: [JSONValue.Member] = [
      .init("model", .string(model)), .init("created_ms", .integer(createdMilliseconds)),
      .init("key", .string(keyID)), .init("training", .string(trainingFile)),
      .init("threads", .integer(Int64(threadCount))), .init("deploy", .bool(deploys)),
    ]
    if let validationFile { members.append(.init("validation", .string(validationFile))) }
    return JSONValue.object(members).serialized()
  }
}

extension JobOrder {
  /// Reads what ``bytes`` wrote.
  init(bytes: [UInt8]) throws(RepositoryError) {
    guard let value = (try? JSONValue(parsing: bytes[...])) as JSONValue?,
      let model = value["model"]?.text, let training = value["training"]?.text
    else { throw RepositoryError(.storage, "a training's order is damaged: delete the training") }
    self.init(
      model: model, createdMilliseconds: value["created_ms"]?.whole ?? 0,
      keyID: value["key"]?.text ?? "", trainingFile: training,
      validationFile: value["validation"]?.text, threadCount: Int(value["threads"]?.whole ?? 0),
      deploys: value["deploy"] != .bool(false))
  }
}

/// How far a job is, for whoever asks and for whoever goes on with it.
struct JobState: Sendable, Equatable {
  enum Kind: String, Sendable { case waiting, running, cancelled, failed, finished }

  var kind = Kind.waiting
  /// Processes that began it since its last checkpoint.
  var attemptCount = 0
  /// Milliseconds since 1970; 0: it has not ended.
  var endedMilliseconds: Int64 = 0
  /// Why it ended, if that needs a reason.
  var message = ""
  /// What to branch on.
  var code = ""
  /// The version it became; 0: none.
  var version: Int64 = 0
  /// The last ones.
  var metrics: [Metric] = []
  /// What a person should know.
  var notes: [String] = []

  /// Whether nothing happens any more by itself.
  var isEnded: Bool { kind != .waiting && kind != .running }

  /// The state as a file.
  var bytes: [UInt8] {
    JSONValue.object([
      .init("state", .string(kind.rawValue)), .init("attempts", .integer(Int64(attemptCount))),
      .init("ended_ms", .integer(endedMilliseconds)), .init("message", .string(message)),
      .init("code", .string(code)), .init("version", .integer(version)),
      .init("metrics", metrics.json), .init("notes", .array(notes.map { .string($0) })),
    ]).serialized()
  }
}

extension JobState {
  /// Reads what ``bytes`` wrote. What cannot be read is a job that waits: it is computed again.
  init(bytes: [UInt8]) {
    guard let value = (try? JSONValue(parsing: bytes[...])) as JSONValue? else { return }
    kind = value["state"]?.text.flatMap { Kind(rawValue: $0) } ?? .waiting
    attemptCount = Int(value["attempts"]?.whole ?? 0)
    endedMilliseconds = value["ended_ms"]?.whole ?? 0
    message = value["message"]?.text ?? ""
    code = value["code"]?.text ?? ""
    version = value["version"]?.whole ?? 0
    metrics = [Metric](json: value["metrics"])
    if case .array(let texts) = value["notes"] { notes = texts.compactMap(\.text) }
  }
}

extension JSONValue {
  /// The text, if it is one.
  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The whole number, if it is one.
  var whole: Int64? {
    if case .integer(let number) = self { number } else { nil }
  }

  /// The number, also one that JSON can't say.
  var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .unsigned(let value): Double(value)
    case .real(let value): value
    case .string("NaN"): .nan
    case .string("Infinity"): .infinity
    case .string("-Infinity"): -.infinity
    default: nil
    }
  }
}

extension [Metric] {
  /// An object of names and values.
  var json: JSONValue { .object(map { JSONValue.Member($0.name, .real($0.value)) }) }

  /// Reads what ``json`` wrote.
  init(json: JSONValue?) {
    guard case .object(let members)? = json else {
      self = []
      return
    }
    self = members.compactMap { member in
      member.value.number.map { Metric(member.name, $0) }
    }
  }
}
