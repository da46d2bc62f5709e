/// One scalar at a time out of bytes that may be anything.
enum UTF8Decoding {
  /// The scalar at the start of `bytes` and its length, or nil if there is no valid one: overlong
  /// forms, surrogates and values above U+10FFFF are not valid.
  static func scalar<Bytes: RandomAccessCollection<UInt8>>(
    at bytes: Bytes
  ) -> (Unicode.Scalar, Int)? {
    guard let first = bytes.first else { return nil }
    let length: Int
    var value: UInt32
    switch first {
    case 0..<0x80: return (Unicode.Scalar(first), 1)
    case 0xC2..<0xE0: (length, value) = (2, UInt32(first & 0x1F))
    case 0xE0..<0xF0: (length, value) = (3, UInt32(first & 0x0F))
    case 0xF0..<0xF5: (length, value) = (4, UInt32(first & 0x07))
    default: return nil
    }
    guard bytes.count >= length else { return nil }
    for byte in bytes.dropFirst().prefix(length - 1) {
      guard byte & 0xC0 == 0x80 else { return nil }
      value = value << 6 | UInt32(byte & 0x3F)
    }
    if length == 3, value < 0x800 { return nil }
    if length == 4, value < 0x1_0000 { return nil }
    guard let scalar = Unicode.Scalar(value) else { return nil }
    return (scalar, length)
  }
}
