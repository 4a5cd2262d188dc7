internal import CProtobufC
internal import CProtocols
internal import Glibc

/// Memory that libprotobuf-c's structs live in for the length of one call: allocation moves a
/// pointer, and everything goes at once.
///
/// It has a limit, because a few bytes on the wire may stand for a large struct: a message of two
/// million empty submessages has four megabytes and would take hundreds.
struct Arena: ~Copyable {
  /// How much larger than its bytes a message may become in memory, beyond ``byteCountBase``.
  static let growthMax = 32
  /// What any message may take.
  static let byteCountBase = 1 << 16
  private static let chunkByteCount = 4096

  private struct State {
    var chunks: [UnsafeMutableRawPointer] = []
    var free: UnsafeMutableRawPointer?
    var freeByteCount = 0
    var remaining: Int
    var allocator = ProtobufCAllocator()
    var holdsNUL = false
  }

  private let state: UnsafeMutablePointer<State>

  /// An arena for a message of `byteCount` bytes on the wire; without one it has no limit, for
  /// messages that we made ourselves.
  init(messageByteCount byteCount: Int?) {
    state = .allocate(capacity: 1)
    state.initialize(
      to: State(
        remaining: byteCount.map { Self.byteCountBase + $0 &* Self.growthMax } ?? Int.max))
    state.pointee.allocator = ProtobufCAllocator(
      alloc: { context, size in
        context.flatMap { Arena.take($0.assumingMemoryBound(to: State.self), size) }
      },
      free: { _, _ in },
      allocator_data: UnsafeMutableRawPointer(state))
  }

  deinit {
    for chunk in state.pointee.chunks { free(chunk) }
    state.deinitialize(count: 1)
    state.deallocate()
  }

  /// The allocator to hand to `…__unpack`.
  var allocator: UnsafeMutablePointer<ProtobufCAllocator> {
    // The field of a heap-allocated struct has a stable address.
    UnsafeMutableRawPointer(state)
      .advanced(by: MemoryLayout<State>.offset(of: \.allocator)!)
      .assumingMemoryBound(to: ProtobufCAllocator.self)
  }

  private static func take(
    _ state: UnsafeMutablePointer<State>, _ byteCount: Int
  ) -> UnsafeMutableRawPointer? {
    let rounded = (max(byteCount, 1) + 15) & ~15
    guard byteCount >= 0, byteCount < Int.max - 16, rounded <= state.pointee.remaining else {
      return nil
    }
    if rounded > state.pointee.freeByteCount {
      let chunkByteCount = max(rounded, Self.chunkByteCount)
      guard let chunk = malloc(chunkByteCount) else { return nil }
      state.pointee.chunks.append(chunk)
      state.pointee.free = chunk
      state.pointee.freeByteCount = chunkByteCount
    }
    let taken = state.pointee.free
    state.pointee.free = taken?.advanced(by: rounded)
    state.pointee.freeByteCount -= rounded
    state.pointee.remaining -= rounded
    return taken
  }

  /// Uninitialised room for `count` values. Only for what we write: there memory is not limited.
  func allocate<T>(_: T.Type, count: Int = 1) -> UnsafeMutablePointer<T> {
    guard let memory = Self.take(state, MemoryLayout<T>.stride * max(count, 1)) else {
      preconditionFailure("out of memory")
    }
    return memory.bindMemory(to: T.self, capacity: max(count, 1))
  }

  /// Whether a text had NUL, for which ``nulByte`` stands here.
  var holdsNUL: Bool { state.pointee.holdsNUL }
  /// No UTF-8 has this byte.
  static let nulByte: UInt8 = 0xFF

  /// A NUL-terminated copy. libprotobuf-c's text ends at the first NUL, so another byte stands for
  /// those that the text has itself.
  func text(_ text: String) -> UnsafeMutablePointer<CChar> {
    var text = text
    return text.withUTF8 { utf8 in
      let copy = allocate(CChar.self, count: utf8.count + 1)
      utf8.withMemoryRebound(to: CChar.self) { source in
        if let base = source.baseAddress { copy.update(from: base, count: source.count) }
      }
      if utf8.contains(0) {
        state.pointee.holdsNUL = true
        for index in 0..<utf8.count where copy[index] == 0 {
          copy[index] = CChar(bitPattern: Self.nulByte)
        }
      }
      copy[utf8.count] = 0
      return copy
    }
  }

  /// A copy as libprotobuf-c's bytes.
  func bytes(_ bytes: [UInt8]) -> ProtobufCBinaryData {
    let copy = allocate(UInt8.self, count: bytes.count)
    bytes.withUnsafeBufferPointer { source in
      if let base = source.baseAddress { copy.update(from: base, count: source.count) }
    }
    return ProtobufCBinaryData(len: bytes.count, data: copy)
  }

  /// A C array of what `convert` makes of each element; nil when there are none. Element types of
  /// pointer fields are optional in C's eyes, hence the two overloads.
  func array<S, C>(
    _ values: [S], _ convert: (S) -> UnsafeMutablePointer<C>
  ) -> UnsafeMutablePointer<UnsafeMutablePointer<C>?>? {
    guard !values.isEmpty else { return nil }
    let array = allocate(UnsafeMutablePointer<C>?.self, count: values.count)
    for (i, value) in values.enumerated() { array[i] = convert(value) }
    return array
  }

  /// A C array of scalars.
  func array<S, C: BitwiseCopyable>(
    _ values: [S], _ convert: (S) -> C
  ) -> UnsafeMutablePointer<C>? {
    guard !values.isEmpty else { return nil }
    let array = allocate(C.self, count: values.count)
    for (i, value) in values.enumerated() { array[i] = convert(value) }
    return array
  }
}
