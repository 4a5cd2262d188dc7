/// The cases of gRPC's interoperability tests that need no cloud's credentials.
public enum InteropCase: String, CaseIterable, Sendable {
  case emptyUnary = "empty_unary"
  case largeUnary = "large_unary"
  case clientCompressedUnary = "client_compressed_unary"
  case serverCompressedUnary = "server_compressed_unary"
  case clientStreaming = "client_streaming"
  case serverStreaming = "server_streaming"
  case clientCompressedStreaming = "client_compressed_streaming"
  case serverCompressedStreaming = "server_compressed_streaming"
  case slowConsumer = "slow_consumer"
  case halfDuplex = "half_duplex"
  case pingPong = "ping_pong"
  case cancelAfterBegin = "cancel_after_begin"
  case cancelAfterFirstResponse = "cancel_after_first_response"
  case timeoutOnSleepingServer = "timeout_on_sleeping_server"
  case emptyStream = "empty_stream"
  case statusCodeAndMessage = "status_code_and_message"
  case specialStatusMessage = "special_status_message"
  case customMetadata = "custom_metadata"
  case unimplementedMethod = "unimplemented_method"
  case unimplementedService = "unimplemented_service"
  case rpcSoak = "rpc_soak"
  case channelSoak = "channel_soak"
}

/// What a case found wrong.
public struct InteropFailure: Error, Sendable, CustomStringConvertible {
  /// What was expected and what came.
  public var message: String

  /// A failure with its sentence.
  public init(message: String) {
    self.message = message
  }

  /// The sentence.
  public var description: String { message }
}

/// Throws unless the two agree.
func expect<Value: Equatable>(
  _ what: @autoclosure () -> String, _ got: Value, _ expected: Value
) throws(InteropFailure) {
  guard got == expected else {
    throw InteropFailure(message: "\(what()): expected \(expected), got \(got)")
  }
}
