internal import COpenSSL

/// Certificates could not be loaded, or a handshake failed.
public struct TLSError: Error, Sendable, CustomStringConvertible {
  /// What was expected and what came.
  public var message: String

  /// An error with its sentence.
  public init(message: String) {
    self.message = message
  }

  /// The sentence.
  public var description: String { message }

  /// OpenSSL's oldest queued reason; empties the queue.
  static func queuedReason() -> String {
    let code = ERR_get_error()
    ERR_clear_error()
    guard code != 0, let reason = ERR_reason_error_string(code) else { return "no reason given" }
    return String(cString: reason)
  }
}

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

  /// Suites of TLS 1.2, all with forward secrecy and authenticated encryption; TLS 1.3 has no
  /// others. The order is ours to choose.
  private static let cipherList =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    + "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    + "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

  /// Loads the PEM files.
  public init(_ configuration: TLSConfiguration, side: Side) throws(TLSError) {
    guard let context = SSL_CTX_new(side == .client ? TLS_client_method() : TLS_server_method())
    else { throw TLSError(message: "TLS could not start: \(TLSError.queuedReason())") }
    self.context = context
    self.configuration = configuration
    self.side = side
    martlet_ssl_ctx_modes(context)
    martlet_ssl_ctx_options(context)
    // One copy out of the socket's buffer holds many records; the default of 16 KiB holds one.
    martlet_ssl_ctx_read_ahead(context)
    SSL_CTX_set_default_read_buffer_len(context, 64 << 10)
    guard martlet_ssl_ctx_min_tls12(context) == 1,
      martlet_ssl_ctx_groups(context, "X25519:P-256") == 1,
      SSL_CTX_set_cipher_list(context, Self.cipherList) == 1
    else { throw TLSError(message: "TLS settings refused: \(TLSError.queuedReason())") }
    try loadCertificates()
    try loadTrust()
    switch side {
    case .client:
      let protocols: [UInt8] = [2, UInt8(ascii: "h"), UInt8(ascii: "2")]
      SSL_CTX_set_alpn_protos(context, protocols, 3)
      SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
      martlet_ssl_ctx_no_session_cache(context)
    case .server:
      if configuration.acceptsHTTP1 {
        SSL_CTX_set_alpn_select_cb(context, selectHTTP2OrHTTP1, nil)
      } else {
        SSL_CTX_set_alpn_select_cb(context, selectHTTP2, nil)
      }
      switch configuration.clientCertificates {
      case .none:
        // Tickets only: the server keeps no state for clients that do not come back.
        martlet_ssl_ctx_no_session_cache(context)
      case .optional:
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
        martlet_ssl_ctx_no_resumption(context)
      case .required:
        // A resumed session would not verify the certificate again.
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        martlet_ssl_ctx_no_resumption(context)
      }
    }
  }

  deinit {
    SSL_CTX_free(context)
  }

  private func loadCertificates() throws(TLSError) {
    guard let chain = configuration.certificateChain else {
      if side == .server { throw TLSError(message: "a TLS server needs a certificate chain") }
      return
    }
    guard let key = configuration.privateKey else {
      throw TLSError(message: "the certificate '\(chain)' needs a private key")
    }
    guard SSL_CTX_use_certificate_chain_file(context, chain) == 1 else {
      throw TLSError(
        message: "certificate chain '\(chain)' cannot be used: \(TLSError.queuedReason())")
    }
    guard SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1,
      SSL_CTX_check_private_key(context) == 1
    else {
      throw TLSError(message: "private key '\(key)' cannot be used: \(TLSError.queuedReason())")
    }
  }

  private func loadTrust() throws(TLSError) {
    if let roots = configuration.trustRoots {
      guard SSL_CTX_load_verify_locations(context, roots, nil) == 1 else {
        throw TLSError(
          message: "trust roots '\(roots)' cannot be used: \(TLSError.queuedReason())")
      }
      if side == .server, let names = SSL_load_client_CA_file(roots) {
        SSL_CTX_set_client_CA_list(context, names)
      }
    } else if side == .client {
      SSL_CTX_set_default_verify_paths(context)
    } else if configuration.clientCertificates != .none {
      throw TLSError(message: "client certificates cannot be verified without trust roots")
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
