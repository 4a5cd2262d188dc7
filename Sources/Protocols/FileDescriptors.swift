internal import CProtocols

/// The served .proto files in serialised form, for server reflection.
public enum FileDescriptors {
  /// One file: a google.protobuf.FileDescriptorProto on the wire.
  public struct File: Sendable {
    /// As another file imports it, e.g. `martlet/v1/auth.proto`.
    public var name: String
    /// The serialised descriptor.
    public var bytes: [UInt8]
  }

  /// Every file, imported ones before those that import them.
  public static let all: [File] = (0..<martlet_file_descriptor_count()).map { index in
    let file = martlet_file_descriptor_at(index)
    return File(
      name: String(cString: file.name),
      bytes: Array(UnsafeBufferPointer(start: file.bytes, count: file.count)))
  }
}
