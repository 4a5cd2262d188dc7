internal import RPC

/// What the roles' commands share: help about their file, and addresses out of it.
enum RoleHelp {
  static func text(_ keys: Set<String>, example: String, more: String = "") -> String {
    """
    FILE is YAML with the keys \(keys.sorted().joined(separator: ", ")). For example:

    \(example.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))

    \(more.isEmpty ? "" : more + "\n\n")\
    Addresses are HOST:PORT, unix:PATH, or fd:N for an inherited socket. The operator's address \
    serves /metrics, /healthz and /readyz. Certificates and keys are loaded again when their files \
    change, and on SIGHUP; connections go on. SIGTERM drains and ends with 0.
    """
  }

  static func endpoint(_ text: String, _ key: String) throws(CommandFailure) -> Endpoint {
    do {
      return try Endpoint(parsing: text)
    } catch {
      throw CommandFailure(.configuration, "\(key): \(error.message)")
    }
  }

  /// A web page's origin as browsers write it: anything more or less would never match.
  static func origin(_ text: String, _ key: String) throws(CommandFailure) -> String {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let isOrigin =
      parts.count == 3 && ["http:", "https:"].contains(parts[0]) && parts[1].isEmpty
      && !parts[2].isEmpty && text == text.lowercased()
    guard isOrigin || text == "*" else {
      throw CommandFailure(
        .configuration,
        "\(key): expected https://HOST[:PORT] in small letters, or *, got '\(text)'")
    }
    return text
  }
}
