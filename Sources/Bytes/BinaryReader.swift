/// Reads what `BinaryWriter` wrote. Total: damaged or truncated input throws and is never read out
/// of bounds; nothing is allocated for a length that the input does not have.
public struct BinaryReader {
  /// The input is not what the writer wrote.
  public struct Damaged: Error {
    public init() {}
  }

  private let bytes: ArraySlice<UInt8>
  private var at: Int

  public init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    at = bytes.startIndex
  }

  public var remaining: Int { bytes.endIndex - at }

  public mutating func byte() throws(Damaged) -> UInt8 {
    guard remaining > 0 else { throw Damaged() }
    defer { at += 1 }
    return bytes[at]
  }

  public mutating func flag() throws(Damaged) -> Bool {
    switch try byte() {
    case 0: return false
    case 1: return true
    default: throw Damaged()
    }
  }

  mutating func number() throws(Damaged) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 64, by: 7) {
      let next = try byte()
      let part = UInt64(next & 0x7F)
      if shift == 63, part > 1 { throw Damaged() }
      value |= part << shift
      if next < 0x80 { return value }
    }
    throw Damaged()
  }

  /// - Parameter limit: the largest number that makes sense here.
  public mutating func count(upTo limit: Int) throws(Damaged) -> Int {
    guard let value = Int(exactly: try number()), value <= limit else { throw Damaged() }
    return value
  }

  /// How many elements follow, each of `size` bytes at least.
  public mutating func elements(ofSize size: Int) throws(Damaged) -> Int {
    try count(upTo: remaining / max(1, size))
  }

  public mutating func word() throws(Damaged) -> UInt64 {
    guard remaining >= 8 else { throw Damaged() }
    var value: UInt64 = 0
    for step in 0..<8 { value |= UInt64(bytes[at + step]) << UInt64(step * 8) }
    at += 8
    return value
  }

  public mutating func digest() throws(Damaged) -> Digest {
    let low = try word()
    return Digest(low: low, high: try word())
  }

  public mutating func blob() throws(Damaged) -> ArraySlice<UInt8> {
    let length = try count(upTo: remaining)
    defer { at += length }
    return bytes[at..<(at + length)]
  }

  public mutating func text() throws(Damaged) -> String {
    String(decoding: try blob(), as: UTF8.self)
  }

  public mutating func optional<Value>(
    _ read: (inout BinaryReader) throws(Damaged) -> Value
  ) throws(Damaged) -> Value? {
    try flag() ? try read(&self) : nil
  }
}
