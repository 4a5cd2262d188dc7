internal import CZlib

/// A .npy file inside a .npz file, or a .npy file by itself: where its bytes lie. For files that are
/// larger than memory, so nothing is copied here.
package struct NumpyMember: Sendable, Equatable {
  /// The array's name, without `.npy`; empty for a file by itself.
  package var name: String
  /// Its bytes in the file.
  package var stored: Range<Int>
  /// Whether those are deflated.
  package var isDeflated: Bool
  /// Bytes of the .npy file.
  package var byteCount: Int
  /// Its checksum; nil for a file by itself.
  package var checksum: UInt32?

  /// Arrays that one file may hold.
  package static let countMax = 10_000

  /// The members of a .npz file, in the order of its directory, or a .npy file as the only one.
  package static func all(in file: UnsafeRawBufferPointer) throws(NumpyError) -> [NumpyMember] {
    if file.starts(with: NumpyArray.magic) {
      return [
        NumpyMember(
          name: "", stored: 0..<file.count, isDeflated: false, byteCount: file.count, checksum: nil)
      ]
    }
    return try ZIPDirectory(file).members()
  }

  /// The first bytes of the .npy file, enough for its header.
  package func head(of file: UnsafeRawBufferPointer) throws(NumpyError) -> [UInt8] {
    let wanted = min(byteCount, Self.headByteCountMax)
    if !isDeflated { return Array(file[stored.prefix(wanted)]) }
    var head = [UInt8](repeating: 0, count: wanted)
    var inflater = try Inflater(UnsafeRawBufferPointer(rebasing: file[stored]), name: name)
    var failure: NumpyError?
    head.withUnsafeMutableBytes { buffer in
      do throws(NumpyError) { _ = try inflater.fill(buffer) } catch { failure = error }
    }
    inflater.end()
    if let failure { throw failure }
    return head
  }

  private static let headByteCountMax = 64 << 10

  /// The bytes behind the first `skipped` ones of the .npy file into `target`, which is as long as they
  /// are. A deflated member is checked against its checksum.
  package func unpack(
    _ file: UnsafeRawBufferPointer, skipping skipped: Int,
    into target: UnsafeMutableRawBufferPointer
  ) throws(NumpyError) {
    precondition(target.count == byteCount - skipped, "a target as long as what goes into it")
    let source = UnsafeRawBufferPointer(rebasing: file[stored])
    guard isDeflated else {
      target.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[skipped...]))
      return
    }
    var inflater = try Inflater(source, name: name)
    defer { inflater.end() }
    var head = [UInt8](repeating: 0, count: skipped)
    var crc: UInt = 0
    var isWhole = true
    var failure: NumpyError?
    head.withUnsafeMutableBytes { buffer in
      do throws(NumpyError) { isWhole = try inflater.fill(buffer) } catch { failure = error }
      crc = crc32_z(0, buffer.baseAddress?.assumingMemoryBound(to: UInt8.self), buffer.count)
    }
    if let failure { throw failure }
    isWhole = try inflater.fill(target) && isWhole
    // crc32 of no bytes at no address starts anew.
    if target.count > 0 {
      crc = crc32_z(crc, target.baseAddress?.assumingMemoryBound(to: UInt8.self), target.count)
    }
    guard isWhole, inflater.isAtEnd(), checksum.map({ UInt($0) == crc }) ?? true else {
      throw NumpyError(.malformed, "'\(name)' is damaged: its checksum does not match")
    }
  }
}

/// Raw deflate, as ZIP has it, piece by piece.
private struct Inflater {
  private let state: UnsafeMutablePointer<z_stream>
  private var rest: UnsafeRawBufferPointer
  private let name: String
  private static let pieceByteCount = 1 << 30

  init(_ source: UnsafeRawBufferPointer, name: String) throws(NumpyError) {
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    (rest, self.name) = (source, name)
    let size = Int32(MemoryLayout<z_stream>.size)
    guard inflateInit2_(state, -MAX_WBITS, ZLIB_VERSION, size) == Z_OK else {
      state.deallocate()
      throw NumpyError(.malformed, "'\(name)' cannot be inflated")
    }
  }

  /// Whether all of the target was filled.
  mutating func fill(_ target: UnsafeMutableRawBufferPointer) throws(NumpyError) -> Bool {
    var done = 0
    while done < target.count {
      let room = min(Self.pieceByteCount, target.count - done)
      let status = step(
        target.baseAddress!.advanced(by: done).assumingMemoryBound(to: UInt8.self), room)
      let written = room - Int(state.pointee.avail_out)
      done += written
      if status == Z_STREAM_END { return done == target.count }
      guard status == Z_OK, written > 0 || !rest.isEmpty else {
        throw NumpyError(.malformed, "'\(name)' is damaged: it does not inflate")
      }
    }
    return true
  }

  /// Whether nothing follows what was read.
  mutating func isAtEnd() -> Bool {
    var byte: UInt8 = 0
    let status = withUnsafeMutablePointer(to: &byte) { step($0, 1) }
    return status == Z_STREAM_END && state.pointee.avail_out == 1
      || status == Z_BUF_ERROR && state.pointee.avail_out == 1
  }

  private mutating func step(_ target: UnsafeMutablePointer<UInt8>, _ room: Int) -> Int32 {
    let piece = min(Self.pieceByteCount, rest.count)
    state.pointee.next_in = UnsafeMutablePointer(
      mutating: rest.baseAddress?.assumingMemoryBound(to: UInt8.self))
    state.pointee.avail_in = UInt32(piece)
    state.pointee.next_out = target
    state.pointee.avail_out = UInt32(room)
    let status = CZlib.inflate(state, Z_NO_FLUSH)
    let used = piece - Int(state.pointee.avail_in)
    rest = UnsafeRawBufferPointer(rebasing: rest[used...])
    return status
  }

  mutating func end() {
    inflateEnd(state)
    state.deallocate()
  }
}
