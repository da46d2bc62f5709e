/// Character classes of RFC 9110 and RFC 3986 as bit sets over ASCII; no byte above 127 is in any.
enum ByteClass {
  static let carriageReturn: UInt8 = 0x0D
  static let lineFeed: UInt8 = 0x0A
  static let space: UInt8 = 0x20
  static let tab: UInt8 = 0x09

  /// tchar (RFC 9110 section 5.6.2).
  @inline(__always)
  static func isToken(_ byte: UInt8) -> Bool {
    contains(byte, 0x03FF_6CFA_0000_0000, 0x57FF_FFFF_C7FF_FFFE)
  }

  /// unreserved and sub-delims (RFC 3986 section 2): what a registered name is made of, but for
  /// percent-encoded triplets.
  @inline(__always)
  static func isRegisteredName(_ byte: UInt8) -> Bool {
    contains(byte, 0x2BFF_7FD2_0000_0000, 0x47FF_FFFE_87FF_FFFE)
  }

  /// pchar or `/`, but for percent-encoded triplets.
  @inline(__always)
  static func isPath(_ byte: UInt8) -> Bool {
    contains(byte, 0x2FFF_FFD2_0000_0000, 0x47FF_FFFE_87FF_FFFF)
  }

  /// What a path may hold, or `?`.
  @inline(__always)
  static func isQuery(_ byte: UInt8) -> Bool {
    contains(byte, 0xAFFF_FFD2_0000_0000, 0x47FF_FFFE_87FF_FFFF)
  }

  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }

  @inline(__always)
  static func isWhitespace(_ byte: UInt8) -> Bool { byte == space || byte == tab }

  /// The value of a hexadecimal digit, or nil.
  @inline(__always)
  static func hexValue(_ byte: UInt8) -> UInt8? {
    if isDigit(byte) { return byte &- 0x30 }
    let letter = byte | 0x20
    return letter >= 0x61 && letter <= 0x66 ? letter &- 0x57 : nil
  }

  @inline(__always)
  static func lowercased(_ byte: UInt8) -> UInt8 {
    byte &- 0x41 < 26 ? byte | 0x20 : byte
  }

  @inline(__always)
  private static func contains(_ byte: UInt8, _ low: UInt64, _ high: UInt64) -> Bool {
    guard byte < 128 else { return false }
    return ((byte < 64 ? low : high) &>> UInt64(byte & 63)) & 1 != 0
  }
}

/// Whether the bytes equal `text`, which must be lower case, but for ASCII case.
@inline(__always)
func equalIgnoringCase(
  _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ text: StaticString
) -> Bool {
  guard range.count == text.utf8CodeUnitCount else { return false }
  let lower = text.utf8Start
  for offset in 0..<range.count
  where ByteClass.lowercased(bytes[range.lowerBound + offset]) != lower[offset] {
    return false
  }
  return true
}

/// Whether both byte ranges are equal but for ASCII case.
func equalIgnoringCase(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
  guard a.count == b.count else { return false }
  for index in 0..<a.count
  where ByteClass.lowercased(a[index]) != ByteClass.lowercased(b[index]) {
    return false
  }
  return true
}

extension [UInt8] {
  /// `withUnsafeBytes` for bodies that throw a `WireError`, whose type the standard one loses.
  @inline(__always)
  func withBytes<Result>(
    _ body: (UnsafeRawBufferPointer) throws(WireError) -> Result
  ) throws(WireError) -> Result {
    try withUnsafeBufferPointer { buffer throws(WireError) in
      try body(UnsafeRawBufferPointer(buffer))
    }
  }
}
