import COpenSSL

/// A server to which TLS connections lead: the name its certificate must be for, and the session
/// that the next connection resumes.
public final class TLSServer {
  let host: String
  let context: TLSContext
  private var session: OpaquePointer?

  /// `host` is a name or an IP address without brackets.
  public init(host: String, context: TLSContext) {
    // A name may be written with the root's dot, certificates have it without.
    self.host = host.hasSuffix(".") ? String(host.dropLast()) : host
    self.context = context
  }

  deinit { forgetSession() }

  /// Takes over a reference to `session`.
  func keep(_ session: OpaquePointer) {
    forgetSession()
    self.session = session
  }

  func forgetSession() {
    if let session { SSL_SESSION_free(session) }
    session = nil
  }

  /// A connection that checks for this server's name. The caller owns it.
  func makeConnection() throws(TLSError) -> OpaquePointer {
    ERR_clear_error()
    guard let ssl = SSL_new(context.raw) else {
      throw .unavailable(TLSError.text(of: ERR_peek_error()))
    }
    guard setName(ssl), setProtocol(ssl), setBuffers(ssl) else {
      SSL_free(ssl)
      throw .unavailable(TLSError.text(of: ERR_peek_error()))
    }
    SSL_set_ex_data(ssl, 0, Unmanaged.passUnretained(self).toOpaque())
    if let session { SSL_set_session(ssl, session) }
    SSL_set_connect_state(ssl)
    return ssl
  }

  private func setName(_ ssl: OpaquePointer) -> Bool {
    let parameters = SSL_get0_param(ssl)
    if X509_VERIFY_PARAM_set1_ip_asc(parameters, host) == 1 { return true }
    ERR_clear_error()
    X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
    return SSL_set1_host(ssl, host) == 1 && copenssl_set_server_name(ssl, host) == 1
  }

  private func setProtocol(_ ssl: OpaquePointer) -> Bool {
    let list = [UInt8](arrayLiteral: 8) + Array("http/1.1".utf8)
    return SSL_set_alpn_protos(ssl, list, UInt32(list.count)) == 0
  }

  private func setBuffers(_ ssl: OpaquePointer) -> Bool {
    guard let incoming = BIO_new(BIO_s_mem()) else { return false }
    guard let outgoing = BIO_new(BIO_s_mem()) else {
      BIO_free(incoming)
      return false
    }
    copenssl_never_ends(incoming)
    SSL_set_bio(ssl, incoming, outgoing)
    return true
  }
}
