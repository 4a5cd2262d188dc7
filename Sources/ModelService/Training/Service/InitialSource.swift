internal import JSON
internal import ModelFormats
internal import RPC
internal import Training

/// Where a training's first weights come from.
enum InitialSource: Equatable {
  /// A version of the repository.
  case version(InitialVersion)
  /// A file that the client sends as `initial.onnx`.
  case file

  /// What a description asks for; nil for nothing. A model that is not the tenant's, or that the key may
  /// not touch, looks like one that does not exist.
  init?(_ specification: JSONValue, caller: Caller, registry: Registry) throws {
    let text: String?
    do { text = try SpecificationOptions.initialModel(of: specification) } catch {
      throw RPCError.invalid(error.message)
    }
    guard let text else { return nil }
    if text.hasSuffix(".onnx") {
      self = .file
    } else {
      self = .version(try InitialVersion(text, caller: caller, registry: registry))
    }
  }
}

/// One version of a model of the caller's tenant.
struct InitialVersion: Equatable, CustomStringConvertible {
  let key: ModelKey
  let number: Int64

  private static let partByteCount = 1 << 20

  /// Finds what `MODEL` or `MODEL:VERSION` means now; without a version the newest.
  init(_ text: String, caller: Caller, registry: Registry) throws {
    let colon = text.lastIndex(of: ":")
    let name = String(colon.map { text[..<$0] } ?? text[...])
    guard RepositoryName.isValid(name), caller.maySee(name) else { throw Self.unknown(text) }
    key = ModelKey(tenant: caller.tenant, name: name)
    let stored: StoredModel?
    do { stored = try registry.repository.stored(key) } catch { throw error.status }
    guard let versions = stored?.versions, let newest = versions.last else {
      if try registry.sharedKey(name, for: caller) != nil { throw Self.noNetwork(text) }
      throw Self.unknown(text)
    }
    guard let colon else {
      number = newest.number
      return
    }
    let wanted = RepositoryName.version(String(text[text.index(after: colon)...]))
    guard let wanted, versions.contains(where: { $0.number == wanted }) else {
      throw Self.unknown(text)
    }
    number = wanted
  }

  var description: String { "\(key.name):\(number)" }

  /// Copies its file, so that a job needs the version no longer.
  func copy(to staged: StagedJob, _ registry: Registry) throws {
    let bytes: [UInt8]?
    do {
      bytes = try registry.repository.withVersion(key, number) { try Self.bytes($0, description) }
    } catch let error as RepositoryError {
      throw error.status
    }
    guard let bytes else { throw Self.unknown(description) }
    for start in stride(from: 0, to: bytes.count, by: Self.partByteCount) {
      let part = bytes[start..<min(bytes.count, start + Self.partByteCount)]
      do { try staged.append(part, to: JobFolder.initialFile) } catch { throw error.status }
    }
  }

  /// The version's file, with weights in it that lie beside it.
  private static func bytes(_ files: VersionFiles, _ name: String) throws -> [UInt8] {
    guard let bytes = try files.model(byteCountMax: Int(clamping: files.byteCount)) else {
      throw noNetwork(name)
    }
    do {
      do {
        _ = try ONNX.load(bytes: bytes)
        return bytes
      } catch  where error.code == .externalData {
        return try ONNX.write(try ONNX.load(contentsOf: files.modelPath))
      }
    } catch {
      throw RPCError.invalid("the initial model '\(name.clipped)' cannot be read: \(error)")
    }
  }

  private static func unknown(_ name: String) -> RPCError {
    .notFound("the initial model '\(name.clipped)' is not found")
  }

  private static func noNetwork(_ name: String) -> RPCError {
    .invalid(
      "expected an initial model with an ONNX file, got '\(name.clipped)', which has none: only such models "
        + "are trained further")
  }
}
