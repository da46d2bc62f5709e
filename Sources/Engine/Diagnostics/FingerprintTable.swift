import Bytes

/// The fingerprints of requests by the ids of their responses: a bounded number, oldest first out.
struct FingerprintTable {
  struct Key: Hashable {
    /// Hash of the response's id.
    var response: UInt64
    /// Nobody learns about the requests of somebody else.
    var credential: Int
    var upstream: Int
  }

  private var fingerprints: [Key: PromptFingerprint] = [:]
  private var ages: [Key] = []
  private var oldest = 0
  private var parts = 0
  private let maxCount: Int
  private let maxParts: Int

  /// - Parameters:
  ///   - maxCount: fingerprints.
  ///   - maxParts: blocks in all of them together, of about 40 bytes each.
  init(maxCount: Int = 4096, maxParts: Int = 1 << 18) {
    self.maxCount = maxCount
    self.maxParts = maxParts
  }

  subscript(_ key: Key) -> PromptFingerprint? { fingerprints[key] }

  mutating func insert(_ fingerprint: PromptFingerprint, _ key: Key) {
    if let old = fingerprints.updateValue(fingerprint, forKey: key) {
      parts -= Self.count(old)
    } else {
      ages.append(key)
    }
    parts += Self.count(fingerprint)
    while oldest < ages.count - 1, ages.count - oldest > maxCount || parts > maxParts {
      if let old = fingerprints.removeValue(forKey: ages[oldest]) { parts -= Self.count(old) }
      oldest += 1
    }
    if oldest > 1024 {
      ages.removeFirst(oldest)
      oldest = 0
    }
  }

  private static func count(_ fingerprint: PromptFingerprint) -> Int {
    fingerprint.tools.count + fingerprint.system.count + fingerprint.messages.count + 1
  }
}
