internal import Protocols
internal import RPC

/// What a load says besides the model's name: nothing, or Triton's `config` (a string: JSON) with
/// any number of `file:<version>/<name>` (bytes).
struct LoadParameters {
  /// nil: what was deployed is wanted.
  private(set) var override: ModelOverride?

  init(
    _ parameters: [String: Inference.ModelRepositoryParameter], _ key: ModelKey
  ) throws(RPCError) {
    var files: [Int64: [String: ArraySlice<UInt8>]] = [:]
    var configuration: [UInt8]?
    for (name, parameter) in parameters.sorted(by: { $0.key < $1.key }) {
      if name == "config" {
        guard case .stringParam(let text) = parameter.parameterChoice else {
          throw Self.wrongType(name, "string_param")
        }
        configuration = Array(text.utf8)
      } else if name.hasPrefix("file:") {
        guard case .bytesParam(let content) = parameter.parameterChoice else {
          throw Self.wrongType(name, "bytes_param")
        }
        let (version, file) = try Self.place(name, key)
        files[version, default: [:]][file] = content[...]
      } else {
        throw .invalid(
          "unrecognized load parameter '\(name.clipped)': expected config (string_param) or "
            + "file:<version>/<name> (bytes_param)")
      }
    }
    guard let configuration else {
      guard files.isEmpty else {
        throw .invalid(
          "failed to load '\(key.name.clipped)', expected the parameter 'config' along with "
            + "'file:' parameters, got none")
      }
      return
    }
    override = ModelOverride(configuration: configuration, files: files)
  }

  /// Version and name in `file:<version>/<name>`.
  private static func place(
    _ name: String, _ key: ModelKey
  ) throws(RPCError) -> (version: Int64, file: String) {
    let parts = name.dropFirst("file:".count).split(
      separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let version = RepositoryName.version(String(parts[0])),
      RepositoryName.isValid(String(parts[1]))
    else {
      throw .invalid(
        "failed to load '\(key.name.clipped)', Invalid file path: expected "
          + "file:<version>/<name> such as 'file:1/model.onnx', got '\(name.clipped)'")
    }
    return (version, String(parts[1]))
  }

  private static func wrongType(_ name: String, _ expected: String) -> RPCError {
    .invalid("invalid value type for load parameter '\(name.clipped)', expected \(expected)")
  }
}
