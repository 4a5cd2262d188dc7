/// The content type of gRPC bodies.
public enum GRPCContentType {
  /// True for `application/grpc`, alone or as `application/grpc+proto`, with parameters or without.
  /// Other codecs are not read here, so their messages are not ours to forward either.
  public static func matches(_ value: UnsafeRawBufferPointer) -> Bool {
    // What nearly all clients send, without a look at each letter.
    if value.equals("application/grpc") { return true }
    guard let rest = drop("application/grpc", from: value) else { return false }
    let codec = drop("+proto", from: rest) ?? rest
    return codec.isEmpty || codec[0] == UInt8(ascii: ";") || codec[0] == UInt8(ascii: " ")
  }

  /// What follows a prefix, whose case does not count; nil when it is not there.
  private static func drop(
    _ prefix: StaticString, from value: UnsafeRawBufferPointer
  ) -> UnsafeRawBufferPointer? {
    let count = prefix.utf8CodeUnitCount
    guard value.count >= count else { return nil }
    for index in 0..<count where value[index] | 0x20 != prefix.utf8Start[index] | 0x20 {
      return nil
    }
    return UnsafeRawBufferPointer(rebasing: value[count...])
  }
}
