import Wire

/// Marks requests that went through this process, so that one which comes back is recognised.
enum ProcessToken {
  /// Pseudonym of this process in Via (RFC 9110 section 7.6.3).
  static let pseudonym =
    HTTPSerializer.pseudonym + "-" + String(UInt64.random(in: .min ... .max), radix: 36)

  /// Whether a Via field contains the pseudonym.
  static func isIn(_ value: String) -> Bool {
    value.utf8.split(separator: UInt8(ascii: ",")).contains { entry in
      entry.split(separator: UInt8(ascii: " ")).contains { $0.elementsEqual(pseudonym.utf8) }
    }
  }
}
