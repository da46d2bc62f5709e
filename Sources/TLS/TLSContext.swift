import Bytes
import COpenSSL

/// What the TLS clients of one loop share: the authorities they trust, and memory that is used from
/// one callback to its end only. TLS 1.2 is the least; certificates are always verified.
public final class TLSContext {
  let raw: OpaquePointer
  /// Where encrypted bytes are read to.
  let input: UnsafeMutableRawBufferPointer
  /// Where encrypted bytes are collected before they are written.
  let output: ByteBuffer
  /// Where small pieces are joined into one record.
  let record = ByteBuffer(capacity: TLSContext.maxRecordBytes)

  static let maxRecordBytes = 16 * 1024
  static let maxOutputBytes = 128 * 1024

  /// Trusts the system's authorities (SSL_CERT_FILE and SSL_CERT_DIR name others) and those in the
  /// PEM file `authorities`, which is read now. OpenSSL reads a certificate of the system's
  /// directory when it is first needed, a file of some kilobytes.
  public init(authorities: String? = nil) throws(TLSError) {
    ERR_clear_error()
    guard let raw = SSL_CTX_new(TLS_client_method()) else {
      throw .unavailable(TLSError.text(of: ERR_peek_error()))
    }
    do throws(TLSError) {
      try TLSContext.configure(raw, authorities)
    } catch {
      SSL_CTX_free(raw)
      throw error
    }
    self.raw = raw
    input = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    output = ByteBuffer(capacity: TLSContext.maxOutputBytes + 2 * TLSContext.maxRecordBytes)
  }

  deinit {
    SSL_CTX_free(raw)
    input.deallocate()
  }

  private static func configure(_ raw: OpaquePointer, _ authorities: String?) throws(TLSError) {
    guard copenssl_require_tls12(raw) == 1 else {
      throw .unavailable(TLSError.text(of: ERR_peek_error()))
    }
    copenssl_set_options(raw)
    copenssl_set_modes(raw)
    SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nil)
    // Fails only for want of memory; without a store everything is refused.
    SSL_CTX_set_default_verify_paths(raw)
    if let authorities {
      guard SSL_CTX_load_verify_file(raw, authorities) == 1 else {
        let error = ERR_peek_error()
        let reason =
          copenssl_is_system_error(error) != 0
          ? TLSError.text(of: error) : "it holds no certificate in PEM form"
        ERR_clear_error()
        throw .authorities(file: authorities, reason: reason)
      }
      // The file may hold an intermediate authority, or the server's own certificate.
      X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(raw), UInt(X509_V_FLAG_PARTIAL_CHAIN))
    }
    copenssl_let_caller_keep_sessions(raw)
    SSL_CTX_sess_set_new_cb(raw) { ssl, session in
      guard let ssl, let session, let data = SSL_get_ex_data(ssl, 0) else { return 0 }
      Unmanaged<TLSServer>.fromOpaque(data)._withUnsafeGuaranteedRef { $0.keep(session) }
      return 1
    }
  }
}
