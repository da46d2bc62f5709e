import COpenSSL
public import EventLoop

/// Why a connection over TLS cannot be trusted or used.
public enum TLSError: Error, Sendable, Equatable {
  /// The certificate's time is over.
  case expired
  /// The certificate's time has not come, or the clock is wrong.
  case notYetValid
  /// The certificate is for other names than this one.
  case nameMismatch(host: String)
  /// No trusted authority stands behind the certificate.
  case unknownAuthority(isSelfSigned: Bool)
  /// The certificate was refused for another reason, in OpenSSL's words.
  case refusedCertificate(String)
  /// What the peer sent is not TLS.
  case notTLS
  /// The peer broke the protocol or ended it with an alert, in OpenSSL's words.
  case brokenProtocol(String)
  /// The peer left before the connection was established.
  case endedEarly
  /// The peer left without announcing it, so that data may be missing (RFC 8446 section 6.1).
  case truncated
  /// The connection below failed.
  case connection(UVError)
  /// A file of certificate authorities cannot be used.
  case authorities(file: String, reason: String)
  /// OpenSSL cannot be set up.
  case unavailable(String)

  /// The cause in a few words.
  public var reason: String {
    switch self {
    case .expired: "certificate expired"
    case .notYetValid: "certificate not valid yet (is the clock right?)"
    case .nameMismatch(let host): "host name mismatch: the certificate is not for \(host)"
    case .unknownAuthority(isSelfSigned: false): "unknown CA"
    case .unknownAuthority(isSelfSigned: true): "unknown CA: the certificate is self-signed"
    case .refusedCertificate(let text): "certificate refused: \(text)"
    case .notTLS: "it does not speak TLS at this port"
    case .brokenProtocol(let text): "TLS failed: \(text)"
    case .endedEarly: "connection closed during the TLS handshake"
    case .truncated: "connection closed without the end of TLS"
    case .connection(let error): error.message
    case .authorities(let file, let reason): "cannot use the CA file \(file): \(reason)"
    case .unavailable(let text): "TLS is not available: \(text)"
    }
  }
}

extension TLSError {
  /// The cause of a handshake that failed just now; reads OpenSSL's error queue of this thread.
  init(handshake ssl: OpaquePointer, host: String) {
    switch Int32(truncatingIfNeeded: SSL_get_verify_result(ssl)) {
    case X509_V_OK:
      self = TLSError(queueOr: .endedEarly)
    case X509_V_ERR_CERT_HAS_EXPIRED:
      self = .expired
    case X509_V_ERR_CERT_NOT_YET_VALID:
      self = .notYetValid
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      self = .nameMismatch(host: host)
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      self = .unknownAuthority(isSelfSigned: true)
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      self = .unknownAuthority(isSelfSigned: false)
    case let code:
      self = .refusedCertificate(String(cString: X509_verify_cert_error_string(Int(code))))
    }
  }

  /// The first error in OpenSSL's queue of this thread, which is emptied.
  init(queueOr other: TLSError) {
    let error = ERR_peek_error()
    defer { ERR_clear_error() }
    switch copenssl_reason(error) {
    case _ where error == 0:
      self = other
    case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST,
      SSL_R_PACKET_LENGTH_TOO_LONG, SSL_R_RECORD_TOO_SMALL:
      self = .notTLS
    default:
      self = .brokenProtocol(TLSError.text(of: error))
    }
  }

  static func text(of error: UInt) -> String {
    if copenssl_is_system_error(error) != 0 {
      return String(cString: strerror(copenssl_reason(error)))
    }
    guard let text = ERR_reason_error_string(error) else { return "error \(error)" }
    return String(cString: text)
  }
}
