/// Tells clients apart by what they authenticate with, without keeping it.
public enum CredentialKey {
  /// A keyed hash: `Hasher` is SipHash with a key of this process, so the value says nothing about
  /// the credential to anybody who sees it, and differs in every run. Never 0.
  public static func hash(_ credential: String) -> Int {
    var hasher = Hasher()
    hasher.combine(credential)
    let value = hasher.finalize()
    return value == 0 ? 1 : value
  }
}
