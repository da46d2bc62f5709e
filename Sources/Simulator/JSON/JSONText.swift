/// Writes JSON as bytes. Keys and punctuation are given by the caller, so the order and the spelling
/// of everything the simulator sends is visible where it is sent.
struct JSONText {
  /// How a value is spelled again.
  enum Style: Sendable {
    /// No white space.
    case compact
    /// ", " and ": ", as a chat template's `tojson` writes it.
    case spaced
  }

  private(set) var bytes: [UInt8] = []

  var string: String { String(decoding: bytes, as: UTF8.self) }

  /// Appends JSON that is already spelled.
  mutating func raw(_ text: StaticString) {
    bytes.append(
      contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func raw(_ text: some Sequence<UInt8>) { bytes.append(contentsOf: text) }

  mutating func raw(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func integer(_ value: some BinaryInteger) { raw(String(value)) }

  /// A finite number with at most three decimals; anything else is written as 0.
  mutating func decimal(_ value: Double) {
    guard value.isFinite, value.magnitude < 1e12 else { return raw("0") }
    raw("\((value * 1000).rounded() / 1000)")
  }

  /// Appends `text` as a JSON string, quotes included.
  mutating func quoted(_ text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): raw("\\\"")
      case UInt8(ascii: "\\"): raw("\\\\")
      case 0x08: raw("\\b")
      case 0x09: raw("\\t")
      case 0x0A: raw("\\n")
      case 0x0C: raw("\\f")
      case 0x0D: raw("\\r")
      case 0..<0x20:
        raw("\\u00")
        let digits = Array("0123456789abcdef".utf8)
        bytes.append(digits[Int(byte >> 4)])
        bytes.append(digits[Int(byte & 15)])
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// Appends `value` with its members in their order. Works with a list of what is still to be
  /// written instead of recursion.
  mutating func value(_ value: JSONTree, _ style: Style) {
    enum Rest {
      case value(JSONTree)
      case text(StaticString)
      case key(String)
    }
    let comma: StaticString = style == .spaced ? ", " : ","
    let colon: StaticString = style == .spaced ? ": " : ":"
    var rest: [Rest] = [.value(value)]
    while let next = rest.popLast() {
      switch next {
      case .text(let text): raw(text)
      case .key(let key): quoted(key)
      case .value(.null): raw("null")
      case .value(.bool(let flag)): raw(flag ? "true" : "false")
      case .value(.number(let text)): raw(Self.plainNumber(text))
      case .value(.string(let text)): quoted(text)
      case .value(.array(let elements)):
        rest.append(.text("]"))
        for (index, element) in elements.enumerated().reversed() {
          rest.append(.value(element))
          if index > 0 { rest.append(.text(comma)) }
        }
        rest.append(.text("["))
      case .value(.object(let members)):
        rest.append(.text("}"))
        for (index, member) in members.enumerated().reversed() {
          rest.append(.value(member.value))
          rest.append(.text(colon))
          rest.append(.key(member.key))
          if index > 0 { rest.append(.text(comma)) }
        }
        rest.append(.text("{"))
      }
    }
  }

  /// One spelling per number: `1.0` and `1e0` become `1`; integers of any size stay as they are.
  static func plainNumber(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 == 0x2E || $0 | 0x20 == 0x65 }),
      let value = Double(text), value.isFinite
    else { return text }
    if let whole = Int(exactly: value), whole.magnitude < 1 << 53 { return String(whole) }
    return "\(value)"
  }

  static func spaced(_ value: JSONTree) -> String {
    var text = JSONText()
    text.value(value, .spaced)
    return text.string
  }

  static func compact(_ value: JSONTree) -> String {
    var text = JSONText()
    text.value(value, .compact)
    return text.string
  }

  static func quoted(_ string: String) -> String {
    var text = JSONText()
    text.quoted(string)
    return text.string
  }
}
