// Generated from Proto/grpc/testing/test.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension GRPCTesting {
}
