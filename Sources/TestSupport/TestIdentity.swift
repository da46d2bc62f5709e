import COpenSSL

/// A key and its certificate.
public final class TestIdentity {
  let certificate: OpaquePointer
  let key: OpaquePointer

  struct Failure: Error {}

  /// A server certificate that vouches for itself.
  public static func selfSigned(_ alternatives: String) throws -> TestIdentity {
    try TestIdentity(
      name: "test server", alternatives: alternatives, days: -1...30, isAuthority: false,
      issuer: nil)
  }

  /// Signed by itself if there is no issuer.
  init(
    name: String, alternatives: String?, days: ClosedRange<Int>, isAuthority: Bool,
    issuer: TestIdentity?
  ) throws {
    key = try TestIdentity.makeKey()
    guard let certificate = X509_new() else { throw Failure() }
    self.certificate = certificate
    X509_set_version(certificate, 2)
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), Int.random(in: 1...Int(Int32.max)))
    X509_gmtime_adj(X509_getm_notBefore(certificate), days.lowerBound * 86_400)
    X509_gmtime_adj(X509_getm_notAfter(certificate), days.upperBound * 86_400)
    X509_NAME_add_entry_by_txt(
      X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, name, -1, -1, 0)
    X509_set_issuer_name(
      certificate, X509_get_subject_name(issuer?.certificate ?? certificate))
    X509_set_pubkey(certificate, key)
    try add(NID_basic_constraints, isAuthority ? "critical,CA:TRUE" : "critical,CA:FALSE")
    if let alternatives { try add(NID_subject_alt_name, alternatives) }
    guard X509_sign(certificate, issuer?.key ?? key, EVP_sha256()) > 0 else { throw Failure() }
  }

  deinit {
    X509_free(certificate)
    EVP_PKEY_free(key)
  }

  private static func makeKey() throws -> OpaquePointer {
    guard let context = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { throw Failure() }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1,
      EVP_PKEY_CTX_set_group_name(context, "P-256") == 1,
      EVP_PKEY_generate(context, &key) == 1, let key
    else { throw Failure() }
    return key
  }

  private func add(_ nid: Int32, _ value: String) throws {
    guard let part = X509V3_EXT_conf_nid(nil, nil, nid, value) else { throw Failure() }
    defer { X509_EXTENSION_free(part) }
    guard X509_add_ext(certificate, part, -1) == 1 else { throw Failure() }
  }

  public func write(to file: String) throws {
    guard let bio = BIO_new_file(file, "w") else { throw Failure() }
    defer { BIO_free(bio) }
    guard PEM_write_bio_X509(bio, certificate) == 1 else { throw Failure() }
  }
}
