internal import Yams

/// A role's configuration file: YAML (so JSON too), with the keys below and no others.
protocol RoleFile: Codable {
  /// Every key the file may have at its top.
  static var keys: Set<String> { get }
  /// Every key below a key of the top.
  static var sections: [String: Set<String>] { get }
}

extension RoleFile {
  /// Reads a file; a key that nobody knows is a mistake worth telling.
  static func read(_ path: String) throws(CommandFailure) -> Self {
    let text = String(decoding: try FileBytes.read(path), as: UTF8.self)
    do {
      guard let node = try Yams.compose(yaml: text), let mapping = node.mapping else {
        throw CommandFailure(.configuration, "'\(path)': expected keys and values")
      }
      try check(mapping, keys, in: path)
      for (name, keys) in sections {
        if let section = mapping[name]?.mapping { try check(section, keys, in: path, name + ".") }
      }
      return try YAMLDecoder().decode(Self.self, from: text)
    } catch let failure as CommandFailure {
      throw failure
    } catch let error as DecodingError {
      throw CommandFailure(.configuration, "'\(path)': \(describe(error))")
    } catch {
      throw CommandFailure(.configuration, "'\(path)' is not YAML: \(error)")
    }
  }

  private static func check(
    _ mapping: Node.Mapping, _ keys: Set<String>, in path: String, _ prefix: String = ""
  ) throws(CommandFailure) {
    for key in mapping.keys.compactMap(\.string) where !keys.contains(key) {
      throw CommandFailure(
        .configuration,
        "'\(path)': unknown key '\(prefix)\(key)'; expected "
          + keys.sorted().joined(separator: ", "))
    }
  }

  /// Writes the file for a child process: mode 0600, because it names where secrets lie.
  func write(to path: String) throws {
    let text = try YAMLEncoder().encode(self)
    try FileBytes.write(Array(text.utf8), to: path, mode: 0o600)
  }

  private static func describe(_ error: DecodingError) -> String {
    let place = { (path: [any CodingKey]) in path.map(\.stringValue).joined(separator: ".") }
    switch error {
    case .keyNotFound(let key, let context):
      return "expected the key '\(place(context.codingPath + [key]))', which is missing"
    case .typeMismatch(let type, let context):
      return "expected \(type) at '\(place(context.codingPath))'"
    case .valueNotFound(let type, let context):
      return "expected \(type) at '\(place(context.codingPath))', got nothing"
    case .dataCorrupted(let context):
      return "'\(place(context.codingPath))': \(context.debugDescription)"
    @unknown default:
      return "\(error)"
    }
  }
}

/// A certificate, its key, and whom to trust: paths of PEM files.
struct IdentityFiles: Codable {
  static let keys: Set<String> = ["certificate", "key", "authority"]

  var certificate: String
  var key: String
  /// The authority whose certificates the other roles show.
  var authority: String
}
