/// A ZIP archive's directory, with the 64-bit sizes that large files have. Every offset comes from the
/// file, so every read is checked.
///
/// Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 and 4.5.3.
struct ZIPDirectory {
  private let file: UnsafeRawBufferPointer

  private static let entryMagic: UInt64 = 0x0201_4B50
  private static let localMagic: UInt64 = 0x0403_4B50
  private static let endMagic: UInt64 = 0x0605_4B50
  private static let end64Magic: UInt64 = 0x0606_4B50
  private static let locator64Magic: UInt64 = 0x0706_4B50
  /// Stands for a value that is in the extra field.
  private static let in64: UInt64 = 0xFFFF_FFFF

  init(_ file: UnsafeRawBufferPointer) { self.file = file }

  func members() throws(NumpyError) -> [NumpyMember] {
    var (cursor, count) = try directory()
    guard count <= NumpyMember.countMax else {
      throw NumpyError(
        .malformed, "expected at most \(NumpyMember.countMax) arrays, got \(count)")
    }
    var members: [NumpyMember] = []
    for _ in 0..<count {
      let (member, next) = try entry(at: cursor)
      members.append(member)
      cursor = next
    }
    return members
  }

  /// Where the directory begins, and its entries.
  private func directory() throws(NumpyError) -> (offset: Int, count: Int) {
    let end = try self.end()
    let count = try number(end + 10, 2)
    let offset = try number(end + 16, 4)
    guard count == 0xFFFF || offset == Self.in64 else { return (Int(offset), Int(count)) }
    guard end >= 20, try number(end - 20, 4) == Self.locator64Magic else {
      return (Int(offset), Int(count))
    }
    let end64 = try int(end - 12)
    guard try number(end64, 4) == Self.end64Magic else {
      throw NumpyError(.malformed, "expected the end of a 64-bit archive's directory")
    }
    return (try int(end64 + 48), try int(end64 + 32))
  }

  private func end() throws(NumpyError) -> Int {
    for offset in stride(from: file.count - 22, through: max(0, file.count - 65_557), by: -1)
    where try number(offset, 4) == Self.endMagic {
      return offset
    }
    throw NumpyError(.malformed, "expected a .npz file, got one without an archive's directory")
  }

  private func entry(at cursor: Int) throws(NumpyError) -> (NumpyMember, next: Int) {
    guard try number(cursor, 4) == Self.entryMagic else {
      throw NumpyError(.malformed, "expected an entry of the archive's directory")
    }
    let method = try number(cursor + 10, 2)
    let nameLength = Int(try number(cursor + 28, 2))
    let extraLength = Int(try number(cursor + 30, 2))
    let commentLength = Int(try number(cursor + 32, 2))
    var name = String(decoding: try slice(cursor + 46, nameLength), as: UTF8.self)
    if name.hasSuffix(".npy") { name = String(name.dropLast(4)) }
    guard try number(cursor + 8, 2) & 1 == 0, method == 0 || method == 8 else {
      throw NumpyError(
        .malformed, "'\(name)': expected a stored or deflated entry, got \(method), or encrypted")
    }
    var extra = Extra64(try slice(cursor + 46 + nameLength, extraLength))
    let byteCount = try extra.value(try number(cursor + 24, 4))
    let storedCount = try extra.value(try number(cursor + 20, 4))
    let local = try extra.value(try number(cursor + 42, 4))
    guard try number(local, 4) == Self.localMagic else {
      throw NumpyError(.malformed, "'\(name)': expected its header at byte \(local)")
    }
    let start = local + 30 + Int(try number(local + 26, 2)) + Int(try number(local + 28, 2))
    _ = try slice(start, storedCount)
    guard method == 8 || storedCount == byteCount else {
      throw NumpyError(.malformed, "'\(name)': its two sizes differ")
    }
    let member = NumpyMember(
      name: name, stored: start..<start + storedCount, isDeflated: method == 8,
      byteCount: byteCount, checksum: UInt32(try number(cursor + 16, 4)))
    return (member, cursor + 46 + nameLength + extraLength + commentLength)
  }

  /// The 64-bit values of an entry, in the order of those that are left out before.
  private struct Extra64 {
    private var values: [UInt64] = []

    init(_ extra: UnsafeRawBufferPointer) {
      var cursor = 0
      while cursor + 4 <= extra.count {
        let kind = Int(extra[cursor]) | Int(extra[cursor + 1]) << 8
        let size = Int(extra[cursor + 2]) | Int(extra[cursor + 3]) << 8
        cursor += 4
        guard size <= extra.count - cursor else { return }
        if kind == 1 {
          for start in stride(from: cursor, through: cursor + size - 8, by: 8) {
            values.append((0..<8).reversed().reduce(0) { $0 << 8 | UInt64(extra[start + $1]) })
          }
          return
        }
        cursor += size
      }
    }

    mutating func value(_ short: UInt64) throws(NumpyError) -> Int {
      guard short == ZIPDirectory.in64 else { return Int(short) }
      guard !values.isEmpty, let value = Int(exactly: values.removeFirst()) else {
        throw NumpyError(.malformed, "expected a 64-bit size in the archive's directory")
      }
      return value
    }
  }

  private func slice(_ offset: Int, _ count: Int) throws(NumpyError) -> UnsafeRawBufferPointer {
    guard offset >= 0, count >= 0, offset <= file.count, count <= file.count - offset else {
      throw NumpyError(
        .malformed, "the archive refers to byte \(offset) of its \(file.count) bytes")
    }
    return UnsafeRawBufferPointer(rebasing: file[offset..<offset + count])
  }

  private func number(_ offset: Int, _ width: Int) throws(NumpyError) -> UInt64 {
    try slice(offset, width).reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  private func int(_ offset: Int) throws(NumpyError) -> Int {
    guard let value = Int(exactly: try number(offset, 8)), value < 1 << 62 else {
      throw NumpyError(.malformed, "expected a size that a file can have")
    }
    return value
  }
}
