internal import RPC

/// What the roles' commands share: help about their file, and addresses out of it.
enum RoleHelp {
  static func text(_ keys: Set<String>, example: String) -> String {
    """
    FILE is YAML with the keys \(keys.sorted().joined(separator: ", ")). For example:

    \(example.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))

    Addresses are HOST:PORT, unix:PATH, or fd:N for an inherited socket. The operator's address \
    serves /metrics, /healthz and /readyz. SIGTERM drains and ends with 0.
    """
  }

  static func endpoint(_ text: String, _ key: String) throws(CommandFailure) -> Endpoint {
    do {
      return try Endpoint(parsing: text)
    } catch {
      throw CommandFailure(.configuration, "\(key): \(error.message)")
    }
  }
}
