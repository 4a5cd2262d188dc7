/// Messages of package `inference`: the Open Inference Protocol with Triton's extensions.
public enum Inference {}

/// Messages of package `martlet.v1`.
public enum MartletV1 {}

/// Messages of package `grpc.health.v1`.
public enum GRPCHealthV1 {}

/// Messages of package `grpc.reflection.v1`.
public enum GRPCReflectionV1 {}

/// Messages of package `grpc.reflection.v1alpha`.
public enum GRPCReflectionV1Alpha {}

/// Messages of package `grpc.testing`: gRPC's interoperability tests.
public enum GRPCTesting {}

/// Messages of package `connectrpc.conformance.v1`: connect's conformance suite.
public enum ConnectConformanceV1 {}
