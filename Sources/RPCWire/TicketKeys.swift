internal import COpenSSL
internal import Synchronization

/// The keys that encrypt session tickets (RFC 5077, RFC 8446 §4.6.1). A ticket is a session that
/// the client keeps for us, so whoever has its key can read that session: keys live in memory
/// only, are replaced every 12 hours, and forgotten when no ticket of theirs can be valid. With
/// several gateways behind one address an operator may give all of them the same file instead.
public final class TicketKeys: Sendable {
  private struct State: Sendable {
    /// The first encrypts, the others only decrypt.
    var keys: [TicketKey]
    /// When the first was made, in nanoseconds; nil before the first look at the clock.
    var madeAt: UInt64?
    var areShared = false
  }

  private let state = Mutex(State(keys: [TicketKey()]))

  /// Two hours: long enough for a client to come back, short enough to forget a key soon.
  static let ticketSecondsMax = 7_200
  /// How long a key encrypts.
  static let rotationNanoseconds: UInt64 = 12 * 3_600 * 1_000_000_000
  /// More keys in a file would only make it unclear which is meant.
  static let sharedKeyCountMax = 8

  /// Random keys.
  public init() {}

  /// Rotates when it is time. `now` is a monotonic clock's.
  public func advance(now: UInt64) {
    state.withLock { state in
      guard !state.areShared else { return }
      let madeAt = min(state.madeAt ?? now, now)
      let age = now - madeAt
      state.madeAt = madeAt
      if age >= Self.rotationNanoseconds {
        state.keys = [TicketKey(), state.keys[0]]
        state.madeAt = now
      } else if age >= UInt64(Self.ticketSecondsMax) * 1_000_000_000, state.keys.count > 1 {
        state.keys.removeLast()
      }
    }
  }

  /// Uses the keys of a file from now on; see ``read(_:)``.
  func share(_ keys: [TicketKey]) {
    state.withLock { state in
      state.keys = keys
      state.areShared = true
    }
  }

  /// The keys of a file: 80 bytes each (16 of name, 32 of HMAC key, 32 of AES key), one after the
  /// other; the first encrypts. That is nginx's format, made by `openssl rand 80`.
  static func read(_ path: String) throws(TLSError) -> [TicketKey] {
    var bytes = try readFile(path, byteCountMax: sharedKeyCountMax * TicketKey.byteCount)
    defer { bytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
    guard !bytes.isEmpty, bytes.count % TicketKey.byteCount == 0 else {
      throw TLSError(
        .files,
        "'\(path)': expected ticket keys of \(TicketKey.byteCount) bytes, got \(bytes.count) bytes")
    }
    return stride(from: 0, to: bytes.count, by: TicketKey.byteCount).map { offset in
      bytes[offset..<(offset + TicketKey.byteCount)].withUnsafeBytes { TicketKey(copying: $0) }
    }
  }

  /// The key that encrypts.
  var current: TicketKey { state.withLock { $0.keys[0] } }

  /// The key of that name, and whether it still encrypts.
  func find(_ name: UnsafeRawBufferPointer) -> (key: TicketKey, isCurrent: Bool)? {
    state.withLock { state in
      state.keys.firstIndex { $0.name.elementsEqual(name) }.map { (state.keys[$0], $0 == 0) }
    }
  }
}

// Sendable by hand: the memory is not written after init.

/// One key, wiped when it is forgotten.
final class TicketKey: @unchecked Sendable {
  static let byteCount = 80
  private static let nameCount = 16

  private let memory = UnsafeMutableRawBufferPointer.allocate(
    byteCount: TicketKey.byteCount, alignment: 16)

  /// Random bytes.
  init() {
    let code = RAND_priv_bytes(memory.baseAddress, Int32(memory.count))
    precondition(code == 1, "libcrypto has no random numbers")
  }

  init(copying bytes: UnsafeRawBufferPointer) {
    memory.copyMemory(from: bytes)
  }

  deinit {
    OPENSSL_cleanse(memory.baseAddress, memory.count)
    memory.deallocate()
  }

  var name: UnsafeRawBufferPointer { .init(rebasing: memory[..<Self.nameCount]) }
  var macKey: UnsafeRawBufferPointer { .init(rebasing: memory[16..<48]) }
  var cipherKey: UnsafeRawBufferPointer { .init(rebasing: memory[48...]) }

  /// Prepares libssl's contexts; `encrypts` or decrypts with the given start value.
  func prepare(
    _ cipher: OpaquePointer?, _ mac: OpaquePointer?, _ start: UnsafePointer<UInt8>, encrypts: Bool
  ) -> Bool {
    let keyed = EVP_CipherInit_ex2(
      cipher, ticketCipher.pointer, cipherKey.baseAddress?.assumingMemoryBound(to: UInt8.self),
      start, encrypts ? 1 : 0, nil)
    return keyed == 1
      && martlet_mac_use_hmac_sha256(
        mac, UnsafeMutableRawPointer(mutating: macKey.baseAddress), macKey.count) == 1
  }
}

/// Fetched once: a fetch for each ticket would look the algorithm up under a lock.
private struct FetchedCipher: @unchecked Sendable {
  // Sendable by hand: libcrypto's methods are immutable.
  let pointer = EVP_CIPHER_fetch(nil, "AES-256-CBC", nil)
}

private let ticketCipher = FetchedCipher()

/// libssl's question for a ticket's key. A free function forms the C callback: it must not
/// inherit an actor.
func chooseTicketKey(
  _ ssl: OpaquePointer?, _ name: UnsafeMutablePointer<UInt8>?,
  _ start: UnsafeMutablePointer<UInt8>?, _ cipher: OpaquePointer?, _ mac: OpaquePointer?,
  _ encrypts: Int32
) -> Int32 {
  guard let owner = martlet_ssl_ctx_owner(ssl), let name, let start else { return -1 }
  let nameBytes = UnsafeMutableRawBufferPointer(start: name, count: 16)
  let keys = Unmanaged<TLSContext>.fromOpaque(owner)._withUnsafeGuaranteedRef { $0.tickets }
  if encrypts != 0 {
    let key = keys.current
    nameBytes.copyMemory(from: key.name)
    guard RAND_bytes(start, 16) == 1, key.prepare(cipher, mac, start, encrypts: true) else {
      return -1
    }
    return 1
  }
  // 0: a key that we do not know (any more), so the handshake is a full one.
  guard let (key, isCurrent) = keys.find(UnsafeRawBufferPointer(nameBytes)) else { return 0 }
  guard key.prepare(cipher, mac, start, encrypts: false) else { return -1 }
  // 2: and send a new ticket. TLS 1.3's are for one use, so that two connections of a client
  // cannot be linked by an observer (RFC 8446 appendix C.4).
  return isCurrent && SSL_version(ssl) < TLS1_3_VERSION ? 1 : 2
}
