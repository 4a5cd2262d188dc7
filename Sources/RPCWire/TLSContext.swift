internal import COpenSSL
internal import Synchronization

// Sendable by hand: an SSL_CTX counts its references atomically and is not changed after init.

/// Loaded certificates and settings: made once, shared by connections and threads.
public final class TLSContext: @unchecked Sendable {
  /// Which end of a connection a context is for.
  public enum Side: Sendable, Hashable {
    /// Connects.
    case client
    /// Accepts.
    case server
  }

  let context: OpaquePointer
  let configuration: TLSConfiguration
  let side: Side
  let tickets: TicketKeys
  /// Our certificate; nil for anonymous clients.
  public private(set) var certificate: CertificateSummary?
  private var stapled: StapledResponse?
  /// Why the configured OCSP response cannot be served at any time, or nil.
  private var stapledRefusal: TLSError?
  private let isStapling = Atomic<Bool>(false)

  /// Suites of TLS 1.2, all with forward secrecy and authenticated encryption; TLS 1.3 has no
  /// others. The order is ours to choose.
  private static let cipherList =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    + "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    + "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"
  private static let cipherSuites =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
  /// No SHA-1; RSA with PKCS #1 padding only because TLS 1.2 clients may have nothing else.
  private static let signatureAlgorithms =
    "ECDSA+SHA256:ed25519:RSA-PSS+SHA256:ECDSA+SHA384:RSA-PSS+SHA384:RSA-PSS+SHA512"
    + ":RSA+SHA256:RSA+SHA384"

  /// Loads the PEM files. `tickets` are a server's keys for session tickets; by default its own.
  public init(
    _ configuration: TLSConfiguration, side: Side, tickets: TicketKeys = TicketKeys()
  ) throws(TLSError) {
    guard let context = SSL_CTX_new(side == .client ? TLS_client_method() : TLS_server_method())
    else { throw TLSError(.files, "TLS could not start: \(TLSError.queuedReason())") }
    self.context = context
    self.configuration = configuration
    self.side = side
    self.tickets = tickets
    martlet_ssl_ctx_set_owner(context, Unmanaged.passUnretained(self).toOpaque())
    martlet_ssl_ctx_modes(context)
    martlet_ssl_ctx_options(context)
    martlet_ssl_ctx_read_ahead(context)
    guard martlet_ssl_ctx_min_version(context, configuration.minimumVersion.number) == 1,
      martlet_ssl_ctx_groups(context, "X25519:P-256") == 1,
      SSL_CTX_set_cipher_list(context, Self.cipherList) == 1,
      SSL_CTX_set_ciphersuites(context, Self.cipherSuites) == 1,
      martlet_ssl_ctx_signature_algorithms(context, Self.signatureAlgorithms) == 1
    else { throw TLSError(.files, "TLS settings refused: \(TLSError.queuedReason())") }
    try loadCertificates()
    try loadTrust()
    switch side {
    case .client: prepareClient()
    case .server: try prepareServer()
    }
  }

  deinit {
    SSL_CTX_free(context)
  }

  private func prepareClient() {
    let protocols: [UInt8] = [2, UInt8(ascii: "h"), UInt8(ascii: "2")]
    SSL_CTX_set_alpn_protos(context, protocols, 3)
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, verifyPeer)
    martlet_ssl_ctx_no_session_cache(context)
  }

  private func prepareServer() throws(TLSError) {
    if configuration.acceptsHTTP1 {
      SSL_CTX_set_alpn_select_cb(context, selectHTTP2OrHTTP1, nil)
    } else {
      SSL_CTX_set_alpn_select_cb(context, selectHTTP2, nil)
    }
    switch configuration.clientCertificates {
    case .none: prepareTickets()
    case .optional:
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, verifyPeer)
      martlet_ssl_ctx_no_resumption(context)
    case .required:
      // A resumed session would not verify the certificate again.
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, verifyPeer)
      martlet_ssl_ctx_no_resumption(context)
    }
    if configuration.clientCertificates != .required, !configuration.expectedRoles.isEmpty {
      throw TLSError(.files, "a role can be expected only of clients that must show a certificate")
    }
    if configuration.clientCertificates != .none, configuration.ticketKeys != nil {
      throw TLSError(
        .files, "sessions are not resumed when clients show certificates: expected no ticket keys")
    }
    prepareStapling()
  }

  private func prepareTickets() {
    // Tickets only: the server keeps no state for clients that do not come back.
    martlet_ssl_ctx_no_session_cache(context)
    SSL_CTX_set_timeout(context, TicketKeys.ticketSecondsMax)
    let name = Array("martlet".utf8)
    SSL_CTX_set_session_id_context(context, name, UInt32(name.count))
    martlet_ssl_ctx_ticket_key_callback(context, chooseTicketKey)
  }

  // The certificate is worth more than its stapled response: a bad response only is not sent.
  private func prepareStapling() {
    guard let path = configuration.ocspResponse,
      let leaf = SSL_CTX_get0_certificate(context)
    else { return }
    do throws(TLSError) {
      stapled = try StapledResponse(contentsOf: path, leaf: leaf)
    } catch {
      stapledRefusal = error
    }
    martlet_ssl_ctx_status_callback(context, staple)
  }

  /// When the OCSP response ends, in seconds since 1970; nil without one.
  public var stapledUntil: Int64? { stapled?.nextUpdate }

  /// Why the configured OCSP response is not sent at `now`; nil when it is, or none is configured.
  public func staplingProblem(now: Int64) -> String? {
    if let stapledRefusal { return stapledRefusal.message }
    guard let stapled, !stapled.isFresh(now: now) else { return nil }
    return now >= stapled.nextUpdate
      ? "the OCSP response has expired" : "the OCSP response is not valid yet"
  }

  /// Tells what time it is, in seconds since 1970.
  func advance(now: Int64) {
    isStapling.store(stapled?.isFresh(now: now) ?? false, ordering: .relaxed)
  }

  /// The response for a client that asks for one, if there is one now.
  var stapledBytes: [UInt8]? {
    isStapling.load(ordering: .relaxed) ? stapled?.der : nil
  }

  private func loadCertificates() throws(TLSError) {
    guard let chain = configuration.certificateChain else {
      if side == .server { throw TLSError(.files, "a TLS server needs a certificate chain") }
      return
    }
    guard let key = configuration.privateKey else {
      throw TLSError(.files, "the certificate '\(chain)' needs a private key")
    }
    guard SSL_CTX_use_certificate_chain_file(context, chain) == 1 else {
      throw TLSError(
        .files, "certificate chain '\(chain)' cannot be used: \(TLSError.queuedReason())")
    }
    guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
      SSL_CTX_check_private_key(context) == 1
    else {
      throw TLSError(.files, "private key '\(key)' cannot be used: \(TLSError.queuedReason())")
    }
    certificate = SSL_CTX_get0_certificate(context).map { CertificateSummary($0) }
  }

  private func loadTrust() throws(TLSError) {
    if let roots = configuration.trustRoots {
      guard SSL_CTX_load_verify_locations(context, roots, nil) == 1 else {
        throw TLSError(
          .files, "trust roots '\(roots)' cannot be used: \(TLSError.queuedReason())")
      }
      if side == .server, let names = SSL_load_client_CA_file(roots) {
        SSL_CTX_set_client_CA_list(context, names)
      }
    } else if side == .client {
      SSL_CTX_set_default_verify_paths(context)
    } else if configuration.clientCertificates != .none {
      throw TLSError(.files, "client certificates cannot be verified without trust roots")
    }
  }
}

extension TLSConfiguration.Version {
  fileprivate var number: Int32 {
    switch self {
    case .tls12: TLS1_2_VERSION
    case .tls13: TLS1_3_VERSION
    }
  }
}

// Free functions form the C callbacks: they must not inherit an actor.

private func selectHTTP2(
  _ ssl: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  _ outCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?,
  _ offeredCount: UInt32, _ argument: UnsafeMutableRawPointer?
) -> Int32 {
  let offered = UnsafeRawBufferPointer(start: offered, count: Int(offeredCount))
  return select(["h2"], from: offered, out, outCount)
}

private func selectHTTP2OrHTTP1(
  _ ssl: OpaquePointer?, _ out: UnsafeMutablePointer<UnsafePointer<UInt8>?>?,
  _ outCount: UnsafeMutablePointer<UInt8>?, _ offered: UnsafePointer<UInt8>?,
  _ offeredCount: UInt32, _ argument: UnsafeMutableRawPointer?
) -> Int32 {
  let offered = UnsafeRawBufferPointer(start: offered, count: Int(offeredCount))
  return select(["h2", "http/1.1"], from: offered, out, outCount)
}

/// Chooses the first of `wanted` that is in the client's list (RFC 7301 section 3.2).
private func select(
  _ wanted: [StaticString], from offered: UnsafeRawBufferPointer,
  _ out: UnsafeMutablePointer<UnsafePointer<UInt8>?>?, _ outCount: UnsafeMutablePointer<UInt8>?
) -> Int32 {
  for name in wanted {
    var index = 0
    while index < offered.count {
      let end = index + 1 + Int(offered[index])
      guard end <= offered.count else { return SSL_TLSEXT_ERR_ALERT_FATAL }
      let offer = UnsafeRawBufferPointer(rebasing: offered[index + 1..<end])
      if offer.equals(name) {
        out?.pointee = offer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        outCount?.pointee = UInt8(offer.count)
        return SSL_TLSEXT_ERR_OK
      }
      index = end
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL
}

/// libssl's question for the OCSP response that a client has asked for.
private func staple(_ ssl: OpaquePointer?, _ argument: UnsafeMutableRawPointer?) -> Int32 {
  guard let owner = martlet_ssl_ctx_owner(ssl),
    let bytes = Unmanaged<TLSContext>.fromOpaque(owner)._withUnsafeGuaranteedRef({
      $0.stapledBytes
    }),
    let copy = martlet_openssl_malloc(bytes.count)
  else { return SSL_TLSEXT_ERR_NOACK }
  bytes.withUnsafeBytes { copy.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
  martlet_ssl_set_ocsp_response(
    ssl, copy.assumingMemoryBound(to: UInt8.self), Int32(bytes.count))
  return SSL_TLSEXT_ERR_OK
}
