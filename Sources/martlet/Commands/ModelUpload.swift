internal import Protocols
internal import RPC

extension Connection {
  /// Sends files as a version of a model, which appears whole or not at all. Version 0 is one more than the
  /// newest.
  func deploy(
    _ files: [ModelFiles.File], name: String, version: Int64 = 0
  ) async throws -> MartletV1.DeployResponse {
    let bytes = try await client.clientStreaming(
      "/martlet.v1.Models/Deploy", metadata: metadata, deadline: deadline
    ) { requests in
      var isFirst = true
      for file in files {
        let parts = try file.parts(byteCount: ModelFiles.partByteCount)
        repeat {
          var part = MartletV1.DeployRequest()
          if isFirst { (part.name, part.version) = (name, version) }
          isFirst = false
          part.path = file.name
          part.data = try parts.next()
          try await requests.send(part.serialized())
        } while !parts.isAtEnd
      }
    }
    return try Self.decode(bytes)
  }
}
