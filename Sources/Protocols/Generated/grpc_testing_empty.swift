// Generated from Proto/grpc/testing/empty.proto by scripts/protoc-gen-martlet. Not edited.

internal import CProtobufC
internal import CProtocols

extension GRPCTesting {
  /// Nothing.
  public struct Empty: ProtobufValue {
    /// A message whose fields have their default values.
    public init() {}
  }
}

extension GRPCTesting.Empty: CMessage {
  static func unpack(
    _ allocator: UnsafeMutablePointer<ProtobufCAllocator>, _ count: Int,
    _ data: UnsafePointer<UInt8>?
  ) -> UnsafeMutablePointer<Grpc__Testing__Empty>? {
    grpc__testing__empty__unpack(allocator, count, data)
  }
  init(c: UnsafeMutablePointer<Grpc__Testing__Empty>) throws(ProtobufError) {
    self.init()
  }
  func makeC(_ arena: borrowing Arena) -> UnsafeMutablePointer<Grpc__Testing__Empty> {
    let c = arena.allocate(Grpc__Testing__Empty.self)
    grpc__testing__empty__init(c)
    return c
  }
}
