/// Tells clients apart by what they authenticate with, without keeping it.
struct CredentialKey {
  /// A keyed hash: `Hasher` is SipHash with a key of this process, so the value says nothing about
  /// the credential to anybody who sees it, and differs in every run.
  static func hash(_ credential: String?) -> Int {
    guard let credential, !credential.isEmpty else { return 0 }
    var hasher = Hasher()
    hasher.combine(credential)
    let value = hasher.finalize()
    return value == 0 ? 1 : value
  }
}
