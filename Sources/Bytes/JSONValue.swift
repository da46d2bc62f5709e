import Glibc

/// A decoded JSON value, for reading and comparing meaning. Nothing that is forwarded is ever made
/// from one. Object members keep their order and duplicates; numbers keep their text.
public indirect enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONValue])
  case object([Member])

  public struct Member: Equatable, Sendable {
    public var key: String
    public var value: JSONValue

    public init(_ key: String, _ value: JSONValue) {
      self.key = key
      self.value = value
    }
  }

  /// Deepest nesting that is decoded; recursion is bounded by it.
  static let maximumDepth = 64

  /// Decodes the one value that `bytes` consist of; nil if malformed or nested too deeply.
  public init?(_ bytes: UnsafeRawBufferPointer) {
    var decoder = JSONDecoder(scanner: JSONScanner(bytes))
    guard let value = decoder.value(depth: 0) else { return nil }
    decoder.scanner.skipWhitespace()
    guard decoder.scanner.atEnd else { return nil }
    self = value
  }

  public init?(_ text: String) {
    var text = text
    guard let value = text.withUTF8({ JSONValue(UnsafeRawBufferPointer($0)) }) else { return nil }
    self = value
  }

  public subscript(_ key: String) -> JSONValue? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.key == key }?.value
  }

  public var string: String? {
    guard case .string(let text) = self else { return nil }
    return text
  }

  public var array: [JSONValue]? {
    guard case .array(let elements) = self else { return nil }
    return elements
  }

  public var members: [Member]? {
    guard case .object(let members) = self else { return nil }
    return members
  }

  /// The number as an integer if it is one that fits.
  public var integer: Int? {
    guard case .number(let text) = self else { return nil }
    if let value = Int(text) { return value }
    guard let value = Double(text), value == value.rounded(), abs(value) < 9e15 else { return nil }
    return Int(value)
  }

  public var double: Double? {
    guard case .number(let text) = self else { return nil }
    return Double(text)
  }
}

private struct JSONDecoder {
  var scanner: JSONScanner

  mutating func value(depth: Int) -> JSONValue? {
    guard depth < JSONValue.maximumDepth else { return nil }
    scanner.skipWhitespace()
    switch scanner.current {
    case UInt8(ascii: "{"): return object(depth)
    case UInt8(ascii: "["): return array(depth)
    case UInt8(ascii: "\""):
      guard let range = scanner.string() else { return nil }
      return .string(decodeJSONString(scanner.bytes[range]))
    default:
      guard let range = scanner.value() else { return nil }
      let text = String(decoding: scanner.bytes[range], as: UTF8.self)
      switch text {
      case "null": return .null
      case "true": return .bool(true)
      case "false": return .bool(false)
      default: return Double(text) == nil ? nil : .number(text)
      }
    }
  }

  private mutating func object(_ depth: Int) -> JSONValue? {
    scanner.position += 1
    var members: [JSONValue.Member] = []
    if scanner.accept(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      scanner.skipWhitespace()
      guard let key = scanner.string(), scanner.accept(UInt8(ascii: ":")),
        let value = value(depth: depth + 1)
      else { return nil }
      members.append(.init(decodeJSONString(scanner.bytes[key]), value))
    } while scanner.accept(UInt8(ascii: ","))
    return scanner.accept(UInt8(ascii: "}")) ? .object(members) : nil
  }

  private mutating func array(_ depth: Int) -> JSONValue? {
    scanner.position += 1
    var elements: [JSONValue] = []
    if scanner.accept(UInt8(ascii: "]")) { return .array(elements) }
    repeat {
      guard let value = value(depth: depth + 1) else { return nil }
      elements.append(value)
    } while scanner.accept(UInt8(ascii: ","))
    return scanner.accept(UInt8(ascii: "]")) ? .array(elements) : nil
  }
}

/// Decodes the escapes of a JSON string's inside (RFC 8259 section 7). A malformed `\u` stays as it
/// is, any other byte behind a backslash stands for itself, and lone surrogates become U+FFFD: the
/// result is for reading, never for sending.
public func decodeJSONString(_ bytes: Slice<UnsafeRawBufferPointer>) -> String {
  let whole = UnsafeRawBufferPointer(rebasing: bytes)
  guard var escape = nextEscape(whole, 0) else { return String(decoding: whole, as: UTF8.self) }
  // No escape is shorter than what it stands for.
  return String(unsafeUninitializedCapacity: whole.count) { out in
    var plain = 0
    var count = 0
    func put(_ part: UnsafeRawBufferPointer) {
      guard !part.isEmpty else { return }
      UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(out)[count...])
        .copyMemory(from: part)
      count += part.count
    }
    while true {
      put(UnsafeRawBufferPointer(rebasing: whole[plain..<escape]))
      plain = escape + 2
      switch whole[escape + 1] {
      case UInt8(ascii: "n"): out[count] = 0x0A
      case UInt8(ascii: "t"): out[count] = 0x09
      case UInt8(ascii: "r"): out[count] = 0x0D
      case UInt8(ascii: "b"): out[count] = 0x08
      case UInt8(ascii: "f"): out[count] = 0x0C
      case UInt8(ascii: "u"):
        if let unit = hexUnit(whole, plain) {
          plain += 4
          utf8(of: codePoint(unit, whole, &plain)).withUnsafeBytes { put($0) }
        } else {
          put(UnsafeRawBufferPointer(rebasing: whole[escape..<plain]))
        }
        count -= 1
      case let other: out[count] = other
      }
      count += 1
      guard let next = nextEscape(whole, plain) else { break }
      escape = next
    }
    put(UnsafeRawBufferPointer(rebasing: whole[plain...]))
    return count
  }
}

/// Where the next backslash with something behind it is.
private func nextEscape(_ bytes: UnsafeRawBufferPointer, _ from: Int) -> Int? {
  guard let start = bytes.baseAddress, from + 1 < bytes.count,
    let found = memchr(start + from, 0x5C, bytes.count - 1 - from)
  else { return nil }
  return UnsafeRawPointer(found) - start
}

private func codePoint(_ unit: UInt32, _ bytes: UnsafeRawBufferPointer, _ at: inout Int) -> UInt32 {
  guard (0xD800..<0xDC00).contains(unit), at + 1 < bytes.count, bytes[at] == UInt8(ascii: "\\"),
    bytes[at + 1] == UInt8(ascii: "u"), let low = hexUnit(bytes, at + 2),
    (0xDC00..<0xE000).contains(low)
  else { return unit }
  at += 6
  return 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00)
}

private func hexUnit(_ bytes: UnsafeRawBufferPointer, _ at: Int) -> UInt32? {
  guard at + 4 <= bytes.count else { return nil }
  var value: UInt32 = 0
  for byte in bytes[at..<at + 4] {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt32(byte - 0x30)
    case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt32(byte - 0x57)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): value = value << 4 | UInt32(byte - 0x37)
    default: return nil
    }
  }
  return value
}

private func utf8(of codePoint: UInt32) -> [UInt8] {
  let scalar = Unicode.Scalar(codePoint) ?? "\u{FFFD}"
  return Array(Unicode.UTF8.encode(scalar) ?? Unicode.UTF8.encodedReplacementCharacter)
}
