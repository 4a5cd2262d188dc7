internal import COpenSSL

/// One side of a TLS connection without its socket: ciphertext and plaintext go in and out as
/// bytes. It owns the SSL object and the ciphertext that waits to be sent.
public final class TLSEngine {
  private let ssl: OpaquePointer
  private let context: TLSContext
  @exclusivity(unchecked) fileprivate var input = UnsafeRawBufferPointer(start: nil, count: 0)
  private var roleRefusal: TLSError?

  /// Ciphertext to send. The owner removes what it has sent.
  @exclusivity(unchecked) public var output = RawBuffer()
  /// True when application data may be written.
  public private(set) var isEstablished = false
  /// False when HTTP/1.1 was agreed on, or nothing; only where ``TLSConfiguration/acceptsHTTP1``.
  public private(set) var isHTTP2 = true
  /// True when the peer has said that it sends no more.
  public private(set) var isClosedByPeer = false
  /// The verified peer; nil before the handshake's end, or without a certificate.
  public private(set) var peer: PeerIdentity?
  /// Why the handshake failed, once it has.
  public private(set) var failure: TLSError?
  /// True when the handshake continued an earlier session.
  public var isResumed: Bool { SSL_session_reused(ssl) == 1 }

  /// The largest plaintext of a record.
  public static let recordByteCountMax = 16 << 10

  /// An engine of a context. A client says which host it means: a name or an address.
  public init(_ context: TLSContext, host: String? = nil) throws(TLSError) {
    guard let ssl = SSL_new(context.context), let method = memoryBIO.method,
      let bio = BIO_new(method)
    else { throw TLSError(.files, "TLS could not start: \(TLSError.queuedReason())") }
    self.ssl = ssl
    self.context = context
    BIO_set_data(bio, Unmanaged.passUnretained(self).toOpaque())
    BIO_set_init(bio, 1)
    SSL_set_bio(ssl, bio, bio)
    switch context.side {
    case .server: SSL_set_accept_state(ssl)
    case .client:
      SSL_set_connect_state(ssl)
      try setVerification(host)
    }
  }

  deinit {
    SSL_free(ssl)
    output.deallocate()
  }

  private func setVerification(_ host: String?) throws(TLSError) {
    if !context.configuration.expectedRoles.isEmpty { return }
    guard let name = context.configuration.serverName ?? host else {
      throw TLSError(.files, "a TLS client needs a server name, an address or a role to expect")
    }
    // An address is verified against the certificate's addresses and is never sent as a name.
    let parameters = SSL_get0_param(ssl)
    if X509_VERIFY_PARAM_set1_ip_asc(parameters, name) == 1 { return }
    guard SSL_set1_host(ssl, name) == 1, martlet_ssl_set_host_name(ssl, name) == 1 else {
      throw TLSError(
        .files, "server name '\(name)' cannot be used: \(TLSError.queuedReason())")
    }
  }

  /// Starts a client's handshake; a server's starts with the client's bytes.
  public func start() throws(TLSError) {
    try advanceHandshake()
  }

  /// Takes ciphertext and hands over the plaintext it completes, in pieces that are valid only
  /// inside `deliver`. After an error, send what is queued (an alert) and close.
  public func receive(
    _ ciphertext: UnsafeRawBufferPointer, scratch: UnsafeMutableRawBufferPointer,
    _ deliver: (UnsafeRawBufferPointer) -> Void
  ) throws(TLSError) {
    input = ciphertext
    defer { input = UnsafeRawBufferPointer(start: nil, count: 0) }
    if !isEstablished {
      try advanceHandshake()
      if !isEstablished { return }
    }
    while true {
      let count = SSL_read(ssl, scratch.baseAddress, Int32(clamping: scratch.count))
      if count > 0 {
        deliver(UnsafeRawBufferPointer(rebasing: scratch[..<Int(count)]))
        continue
      }
      switch SSL_get_error(ssl, count) {
      case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
      case SSL_ERROR_ZERO_RETURN:
        isClosedByPeer = true
        return
      default: throw TLSError(.refusedByPeer, "TLS: \(TLSError.queuedReason())")
      }
    }
  }

  /// Encrypts bytes into ``output``. Only when established.
  public func send(_ plaintext: UnsafeRawBufferPointer) throws(TLSError) {
    var offset = 0
    while offset < plaintext.count {
      let count = SSL_write(
        ssl, plaintext.baseAddress! + offset,
        Int32(min(plaintext.count - offset, Self.recordByteCountMax)))
      guard count > 0 else {
        throw TLSError(.refusedByPeer, "TLS: \(TLSError.queuedReason())")
      }
      offset += Int(count)
    }
  }

  /// Queues the alert that says we send no more.
  public func close() {
    if isEstablished { SSL_shutdown(ssl) }
    ERR_clear_error()
  }

  /// Frees the record buffers until the next bytes, when nothing waits in them.
  public func releaseMemory() {
    guard isEstablished else { return }
    if output.isEmpty { output.deallocate() }
    // Refused while part of a record waits, which is as it should be.
    SSL_free_buffers(ssl)
  }

  private func advanceHandshake() throws(TLSError) {
    ERR_clear_error()
    let code = SSL_do_handshake(ssl)
    if code == 1 {
      try finishHandshake()
      return
    }
    switch SSL_get_error(ssl, code) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return
    default:
      let verification = SSL_get_verify_result(ssl)
      let error = roleRefusal ?? (verification == 0 ? .handshake() : .verification(verification))
      ERR_clear_error()
      failure = error
      throw error
    }
  }

  /// Whether a trusted peer with this role is the one to talk to.
  fileprivate func accepts(role: String?) -> Bool {
    let expected = context.configuration.expectedRoles
    if expected.isEmpty || role.map(expected.contains) == true { return true }
    roleRefusal = TLSError(
      .wrongRole,
      "TLS handshake: expected a \(context.side == .client ? "server" : "client")"
        + " with the role \(expected.map { "'\($0)'" }.joined(separator: " or ")), got \(role.map { "'\($0)'" } ?? "none")"
    )
    return false
  }

  private func finishHandshake() throws(TLSError) {
    var name: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &name, &count)
    isHTTP2 = UnsafeRawBufferPointer(start: name, count: Int(count)).equals("h2")
    guard isHTTP2 || context.configuration.acceptsHTTP1 else {
      let error = TLSError(
        .noCommonProtocol, "TLS handshake: expected the protocol h2 (ALPN), got none")
      failure = error
      throw error
    }
    if let certificate = SSL_get1_peer_certificate(ssl) {
      defer { X509_free(certificate) }
      if SSL_get_verify_result(ssl) == 0 { peer = PeerIdentity(certificate) }
    }
    isEstablished = true
  }
}

/// libssl's question about each certificate of the peer's chain; ours is added to its own checks.
/// A free function forms the C callback: it must not inherit an actor.
func verifyPeer(_ isTrusted: Int32, _ store: OpaquePointer?) -> Int32 {
  guard isTrusted == 1, X509_STORE_CTX_get_error_depth(store) == 0 else { return isTrusted }
  guard let certificate = X509_STORE_CTX_get_current_cert(store),
    let ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()),
    let data = BIO_get_data(SSL_get_rbio(OpaquePointer(ssl)))
  else { return 0 }
  let role = PeerIdentity.role(of: certificate)
  let isExpected = Unmanaged<TLSEngine>.fromOpaque(data)._withUnsafeGuaranteedRef {
    $0.accepts(role: role)
  }
  if !isExpected { X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED) }
  return isExpected ? 1 : 0
}

/// A BIO that reads from the bytes at hand and appends to the engine's output: one copy less
/// than OpenSSL's memory BIO, whose reset clears its whole buffer.
private struct MemoryBIO: @unchecked Sendable {
  // Sendable by hand: the method table is not changed after it was made.
  let method: OpaquePointer?

  init() {
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "martlet")
    BIO_meth_set_read(method, readInput)
    BIO_meth_set_write(method, writeOutput)
    BIO_meth_set_ctrl(method, control)
  }
}

private let memoryBIO = MemoryBIO()

private func readInput(
  _ bio: OpaquePointer?, _ buffer: UnsafeMutablePointer<CChar>?, _ count: Int32
) -> Int32 {
  martlet_bio_clear_retry(bio)
  guard let data = BIO_get_data(bio), let buffer else { return -1 }
  return Unmanaged<TLSEngine>.fromOpaque(data)._withUnsafeGuaranteedRef { engine in
    let piece = min(Int(count), engine.input.count)
    guard piece > 0 else {
      martlet_bio_retry_read(bio)
      return -1
    }
    UnsafeMutableRawPointer(buffer).copyMemory(
      from: engine.input.baseAddress!, byteCount: piece)
    engine.input = UnsafeRawBufferPointer(rebasing: engine.input[piece...])
    return Int32(piece)
  }
}

private func writeOutput(
  _ bio: OpaquePointer?, _ bytes: UnsafePointer<CChar>?, _ count: Int32
) -> Int32 {
  guard let data = BIO_get_data(bio), let bytes, count > 0 else { return -1 }
  return Unmanaged<TLSEngine>.fromOpaque(data)._withUnsafeGuaranteedRef { engine in
    engine.output.append(bytes, Int(count))
    return count
  }
}

private func control(
  _ bio: OpaquePointer?, _ command: Int32, _ number: Int, _ pointer: UnsafeMutableRawPointer?
) -> Int {
  command == BIO_CTRL_FLUSH ? 1 : 0
}
