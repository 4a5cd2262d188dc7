/// A ZIP archive's bytes with checked little-endian reads: offsets come from the file itself.
struct ZIPBytes {
  static let directoryEntryMagic = 0x0201_4B50
  private static let directoryEndMagic = 0x0605_4B50

  private let bytes: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  func slice(_ offset: Int, _ count: Int) throws(NumpyError) -> ArraySlice<UInt8> {
    guard offset >= 0, count >= 0, offset <= bytes.count, count <= bytes.count - offset else {
      throw NumpyError(
        .malformed, "the archive refers to byte \(offset) of its \(bytes.count) bytes")
    }
    return bytes[(bytes.startIndex + offset)...].prefix(count)
  }

  func uint16(_ offset: Int) throws(NumpyError) -> Int { try little(offset, 2) }

  func uint32(_ offset: Int) throws(NumpyError) -> Int { try little(offset, 4) }

  private func little(_ offset: Int, _ width: Int) throws(NumpyError) -> Int {
    try slice(offset, width).reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  /// Where the end-of-directory record starts: the last one, before at most 64 KiB of comment.
  func directoryEnd() throws(NumpyError) -> Int {
    for offset in stride(from: bytes.count - 22, through: max(0, bytes.count - 65_557), by: -1)
    where try uint32(offset) == Self.directoryEndMagic {
      return offset
    }
    throw NumpyError(.malformed, "expected a .npz file, got one without an archive's directory")
  }

  static func little16(_ values: UInt16...) -> [UInt8] {
    values.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
  }

  static func little32(_ values: UInt32...) -> [UInt8] {
    values.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
  }
}
