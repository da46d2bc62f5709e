/// Writes values in a compact binary form. The counterpart is `BinaryReader`.
public struct BinaryWriter {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public mutating func byte(_ value: UInt8) { bytes.append(value) }

  public mutating func flag(_ value: Bool) { bytes.append(value ? 1 : 0) }

  /// LEB128: seven bits per byte, lowest first.
  public mutating func number(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  /// A negative number is written as 0: counts and offsets have none.
  public mutating func count(_ value: Int) { number(UInt64(max(0, value))) }

  /// Eight bytes, lowest first.
  public mutating func word(_ value: UInt64) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  public mutating func digest(_ value: Digest) {
    word(value.low)
    word(value.high)
  }

  public mutating func blob(_ value: [UInt8]) {
    count(value.count)
    bytes += value
  }

  public mutating func blob(_ value: UnsafeRawBufferPointer) {
    count(value.count)
    bytes.append(contentsOf: value)
  }

  public mutating func text(_ value: String) { blob(Array(value.utf8)) }

  public mutating func optional<Value>(
    _ value: Value?, _ write: (inout BinaryWriter, Value) -> Void
  ) {
    flag(value != nil)
    if let value { write(&self, value) }
  }
}
