internal import CXXHash

/// 128-bit content digest (XXH3). Identifies blocks that one agent sends to one proxy; it is not a
/// defence against somebody who wants a collision.
public struct Digest: Hashable, Sendable {
  public let low: UInt64
  public let high: UInt64

  init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  public init(of bytes: UnsafeRawBufferPointer) {
    let hash = cxxhash_128(bytes.baseAddress, bytes.count)
    self.init(low: hash.low64, high: hash.high64)
  }

  public init(of text: String) {
    var text = text
    self = text.withUTF8 { Digest(of: UnsafeRawBufferPointer($0)) }
  }

  public var hex: String { hexadecimal(high, digits: 16) + hexadecimal(low, digits: 16) }
}

/// 64-bit content hash (XXH3), for probes and look-up keys whose hits are verified.
public func hash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
  cxxhash_64(bytes.baseAddress, bytes.count)
}

/// `value` as lower-case hexadecimal, padded with zeros to `digits`.
public func hexadecimal(_ value: UInt64, digits: Int) -> String {
  let text = String(value, radix: 16)
  return String(repeating: "0", count: max(0, digits - text.count)) + text
}
