import COpenSSL

/// Tells credentials apart without keeping them, alike in every run that has the same key. Belongs
/// to one thread.
public final class CredentialHash {
  private let context: OpaquePointer
  private let key: [UInt8]
  /// Values by another keyed hash of the credential, which takes a tenth of the time.
  private var known: [Int: Int] = [:]
  private static let mostKnown = 256

  /// - Parameter key: 16 secret bytes.
  /// - Returns: nil if the key has another length, or this build of OpenSSL has no SipHash.
  public init?(key: [UInt8]) {
    guard key.count == 16, let mac = EVP_MAC_fetch(nil, "SIPHASH", nil) else { return nil }
    defer { EVP_MAC_free(mac) }
    guard let context = EVP_MAC_CTX_new(mac) else { return nil }
    self.context = context
    self.key = key
  }

  deinit { EVP_MAC_CTX_free(context) }

  /// The first 63 bits of SipHash-2-4 with an output of 128 bits; never 0.
  public func value(_ credential: String) -> Int {
    let place = place(of: credential)
    if let value = known[place] { return value }
    let value = compute(credential)
    if known.count == Self.mostKnown { known = [:] }
    known[place] = value
    return value
  }

  /// SipHash like the value itself, so it tells nothing either.
  private func place(of credential: String) -> Int {
    var hasher = Hasher()
    for byte in key { hasher.combine(byte) }
    var credential = credential
    credential.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    return hasher.finalize()
  }

  private func compute(_ credential: String) -> Int {
    var credential = credential
    var sum = [UInt8](repeating: 0, count: 16)
    var count = 0
    let isDone = credential.withUTF8 { bytes in
      EVP_MAC_init(context, key, key.count, nil) == 1
        && EVP_MAC_update(context, bytes.baseAddress, bytes.count) == 1
        && EVP_MAC_final(context, &sum, &count, sum.count) == 1
    }
    // Cannot happen with memory to be had; then all credentials count as one unknown.
    guard isDone, count >= 8 else { return 1 }
    let value = sum.prefix(8).reduce(0) { $0 << 8 | UInt64($1) } >> 1
    return value == 0 ? 1 : Int(value)
  }
}
