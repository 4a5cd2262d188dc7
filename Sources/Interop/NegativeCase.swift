internal import Protocols
internal import RPC

/// What the client does against gRPC's negative HTTP/2 server, which answers each of these on a port
/// of its own and breaks it in its own way.
public enum NegativeCase: String, CaseIterable, Sendable {
  /// The server says GOAWAY after each answer.
  case goaway
  /// The server allows one stream at a time.
  case maxStreams = "max_streams"
  /// The server sends PING at every turn.
  case ping
  /// The server breaks the call off after its headers.
  case rstAfterHeader = "rst_after_header"
  /// The server breaks the call off in the middle of the response.
  case rstDuringData = "rst_during_data"
  /// The server breaks the call off after the response, before the status.
  case rstAfterData = "rst_after_data"
  /// The server sends five bytes at a time, each with 255 bytes of padding.
  case dataFramePadding = "data_frame_padding"
  /// The server sends five bytes at a time.
  case noDataFramePadding = "no_df_padding_sanity_test"
}

extension InteropClient {
  /// Runs one case as the official client does.
  public func run(_ negative: NegativeCase) async throws {
    switch negative {
    case .goaway:
      try await largeUnary(client)
      try await Task.sleep(for: .seconds(1))
      try await largeUnary(client)
    case .maxStreams:
      // The first call learns what the server allows.
      try await largeUnary(client)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<10 { group.addTask { try await largeUnary(client) } }
        try await group.waitForAll()
      }
    case .ping, .dataFramePadding, .noDataFramePadding: try await largeUnary(client)
    case .rstAfterHeader, .rstDuringData, .rstAfterData:
      let error = try await Self.failure { try await largeUnary(client) }
      try expect("status", error.code, .internalError)
    }
  }
}
