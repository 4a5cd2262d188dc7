extension Route {
  /// Methods of conformance suites, in the table only when test services are configured. Any valid
  /// key may call them.
  static let testing: [Route] = [
    Route("/grpc.testing.TestService/EmptyCall", .test),
    Route("/grpc.testing.TestService/UnaryCall", .test),
    Route("/grpc.testing.TestService/CacheableUnaryCall", .test),
    Route("/grpc.testing.TestService/StreamingInputCall", .test, isStreaming: true),
    Route("/grpc.testing.TestService/StreamingOutputCall", .test, isStreaming: true),
    Route("/grpc.testing.TestService/FullDuplexCall", .test, isStreaming: true),
    Route("/grpc.testing.TestService/HalfDuplexCall", .test, isStreaming: true),
    // What these answer is the service's business, and part of the suite.
    Route("/grpc.testing.TestService/UnimplementedCall", .test),
    Route("/grpc.testing.UnimplementedService/UnimplementedCall", .test),
    Route("/connectrpc.conformance.v1.ConformanceService/Unary", .test),
    Route("/connectrpc.conformance.v1.ConformanceService/IdempotentUnary", .test),
    Route("/connectrpc.conformance.v1.ConformanceService/Unimplemented", .test),
    Route(
      "/connectrpc.conformance.v1.ConformanceService/ClientStream", .test, isStreaming: true),
    Route(
      "/connectrpc.conformance.v1.ConformanceService/ServerStream", .test, isStreaming: true),
    Route("/connectrpc.conformance.v1.ConformanceService/BidiStream", .test, isStreaming: true),
  ]
}
