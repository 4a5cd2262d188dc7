internal import CZlib

/// Named arrays in a .npz file: a ZIP archive of .npy files, stored or deflated.
public struct NumpyArchive: Sendable {
  /// One array and its name, without `.npy`.
  public struct Entry: Sendable, Equatable {
    /// The name.
    public var name: String
    /// The array.
    public var array: NumpyArray

    /// An array with its name.
    public init(name: String, array: NumpyArray) {
      self.name = name
      self.array = array
    }
  }

  /// The arrays in the order of the file.
  public var entries: [Entry]

  /// What an array may inflate to: a bound against archives made to fill memory.
  static let entryByteCountMax = 1 << 31

  /// An archive of `entries`.
  public init(_ entries: [Entry] = []) { self.entries = entries }

  /// The array of that name.
  public subscript(name: String) -> NumpyArray? {
    entries.first { $0.name == name }?.array
  }

  /// Whether `file` begins like an archive.
  public static func isArchive(_ file: ArraySlice<UInt8>) -> Bool {
    file.starts(with: [0x50, 0x4B, 0x03, 0x04]) || file.starts(with: [0x50, 0x4B, 0x05, 0x06])
  }
}

extension NumpyArchive {
  /// Reads a .npz file by its central directory.
  public init(npz bytes: ArraySlice<UInt8>) throws(NumpyError) {
    let file = ZIPBytes(bytes)
    entries = []
    let end = try file.directoryEnd()
    var cursor = try file.uint32(end + 16)
    for _ in 0..<(try file.uint16(end + 10)) {
      guard try file.uint32(cursor) == ZIPBytes.directoryEntryMagic else {
        throw NumpyError(.malformed, "expected an entry of the archive's directory")
      }
      let nameLength = try file.uint16(cursor + 28)
      let name = String(decoding: try file.slice(cursor + 46, nameLength), as: UTF8.self)
      let data = try Self.data(file, directoryEntry: cursor, name: name)
      entries.append(
        Entry(
          name: name.hasSuffix(".npy") ? String(name.dropLast(4)) : name,
          array: try NumpyArray(npy: data[...])))
      cursor += 46 + nameLength
      cursor += try file.uint16(cursor - nameLength - 16) + file.uint16(cursor - nameLength - 14)
    }
  }

  private static func data(
    _ file: ZIPBytes, directoryEntry cursor: Int, name: String
  ) throws(NumpyError) -> [UInt8] {
    let method = try file.uint16(cursor + 10)
    let expectedCRC = try file.uint32(cursor + 16)
    let storedByteCount = try file.uint32(cursor + 20)
    let byteCount = try file.uint32(cursor + 24)
    let local = try file.uint32(cursor + 42)
    guard byteCount <= entryByteCountMax else {
      throw NumpyError(
        .malformed, "'\(name)' has \(byteCount) bytes, at most \(entryByteCountMax) are read")
    }
    let start = local + 30 + (try file.uint16(local + 26)) + (try file.uint16(local + 28))
    let stored = try file.slice(start, storedByteCount)
    let data: [UInt8]
    switch method {
    case 0: data = Array(stored)
    case 8: data = try inflate(stored, byteCount: byteCount, name: name)
    default:
      throw NumpyError(.malformed, "'\(name)': expected a stored or deflated entry, got \(method)")
    }
    guard data.count == byteCount, checksum(data) == expectedCRC else {
      throw NumpyError(.malformed, "'\(name)' is damaged: its checksum does not match")
    }
    return data
  }

  private static func inflate(
    _ stored: ArraySlice<UInt8>, byteCount: Int, name: String
  ) throws(NumpyError) -> [UInt8] {
    var stream = z_stream()
    // Negative: raw deflate, as ZIP has it.
    guard
      inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { preconditionFailure("zlib cannot start") }
    defer { inflateEnd(&stream) }
    var status = Z_OK
    // zlib wants a pointer even where there is nothing to write.
    let result = [UInt8](unsafeUninitializedCapacity: max(byteCount, 1)) { output, count in
      stored.withUnsafeBufferPointer { input in
        stream.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(byteCount)
        status = CZlib.inflate(&stream, Z_FINISH)
      }
      count = byteCount - Int(stream.avail_out)
    }
    guard status == Z_STREAM_END else {
      throw NumpyError(.malformed, "'\(name)' is damaged: it does not inflate")
    }
    return result
  }

  private static func checksum(_ data: [UInt8]) -> Int {
    data.withUnsafeBufferPointer { Int(crc32_z(0, $0.baseAddress, $0.count)) }
  }

  /// The archive as a .npz file, its entries stored.
  public func npz() throws(NumpyError) -> [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for entry in entries {
      let data = try entry.array.npy()
      let name = Array("\(entry.name).npy".utf8)
      let (start, size) = (UInt32(file.count), UInt32(data.count))
      // Version, flags, method, time, date (1980-01-01), CRC, sizes, lengths of name and extra.
      let common =
        ZIPBytes.little16(20, 0, 0, 0, 0x21)
        + ZIPBytes.little32(UInt32(Self.checksum(data)), size, size)
        + ZIPBytes.little16(UInt16(name.count), 0)
      file += ZIPBytes.little32(0x0403_4B50) + common + name + data
      directory += ZIPBytes.little32(0x0201_4B50) + ZIPBytes.little16(20) + common
      directory += ZIPBytes.little16(0, 0, 0) + ZIPBytes.little32(0, start) + name
    }
    let count = UInt16(entries.count)
    let end =
      ZIPBytes.little32(0x0605_4B50) + ZIPBytes.little16(0, 0, count, count)
      + ZIPBytes.little32(UInt32(directory.count), UInt32(file.count)) + ZIPBytes.little16(0)
    return file + directory + end
  }
}
