/// Writes one JSON object, member by member, without white space. What stands for an unknown value is
/// null.
public struct JSONObjectWriter {
  private var out: [UInt8] = [UInt8(ascii: "{")]

  public init() {}

  public mutating func add(_ name: String, _ value: String?) {
    key(name)
    guard let value else { return null() }
    out.append(UInt8(ascii: "\""))
    for byte in value.utf8 { escape(byte) }
    out.append(UInt8(ascii: "\""))
  }

  public mutating func add(_ name: String, _ value: Int?) {
    key(name)
    guard let value else { return null() }
    out.append(contentsOf: String(value).utf8)
  }

  public mutating func add(_ name: String, _ value: Double?) {
    key(name)
    guard let value, value.isFinite else { return null() }
    let whole = value.rounded()
    out.append(
      contentsOf: (whole == value && abs(value) < 1e15 ? String(Int(value)) : String(value)).utf8)
  }

  public mutating func add(_ name: String, _ value: Bool) {
    key(name)
    out.append(contentsOf: (value ? "true" : "false").utf8)
  }

  /// - Parameter json: one JSON value, taken over as it is.
  public mutating func add(_ name: String, json: [UInt8]) {
    key(name)
    out.append(contentsOf: json)
  }

  public mutating func add(_ name: String, objects: [[UInt8]]) {
    add(name, json: [UInt8(ascii: "[")] + objects.joined(separator: [0x2C]) + [UInt8(ascii: "]")])
  }

  public consuming func finish() -> [UInt8] { out + [UInt8(ascii: "}")] }

  private mutating func null() { out.append(contentsOf: "null".utf8) }

  private mutating func key(_ name: String) {
    if out.count > 1 { out.append(UInt8(ascii: ",")) }
    out.append(UInt8(ascii: "\""))
    out.append(contentsOf: name.utf8)
    out.append(contentsOf: "\":".utf8)
  }

  private mutating func escape(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      out.append(UInt8(ascii: "\\"))
      out.append(byte)
    case 0x0A: out.append(contentsOf: "\\n".utf8)
    case 0x0D: out.append(contentsOf: "\\r".utf8)
    case 0x09: out.append(contentsOf: "\\t".utf8)
    case 0..<0x20, 0x7F:
      let digits = Array("0123456789abcdef".utf8)
      out.append(contentsOf: "\\u00".utf8)
      out.append(digits[Int(byte >> 4)])
      out.append(digits[Int(byte & 15)])
    default: out.append(byte)
    }
  }
}
