/// Message encodings besides `identity`.
public enum Compression: String, BitwiseCopyable, Sendable, Hashable, CaseIterable {
  /// RFC 1952
  case gzip
  /// RFC 1950: zlib's wrapper, which is what gRPC's "deflate" means.
  case deflate
}
