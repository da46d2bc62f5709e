internal import CSIMD
import Glibc

/// Walks JSON text (RFC 8259) by byte position: no tree, no copies, no recursion.
///
/// It finds where values begin and end; it is not a validator. Literals and numbers are accepted
/// loosely, because what an upstream makes of a body is the upstream's business: a wrong guess here
/// costs a measurement, never a byte. All methods are total: they return `nil` or `false` at
/// malformed or truncated input and never read out of bounds.
public struct JSONScanner {
  public let bytes: UnsafeRawBufferPointer
  public var position: Int

  public init(_ bytes: UnsafeRawBufferPointer, at position: Int = 0) {
    self.bytes = bytes
    self.position = position
  }

  @inline(__always)
  public var atEnd: Bool { position >= bytes.count }

  /// The byte at the position, or 0 at the end (0 never begins a JSON token).
  @inline(__always)
  public var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

  @inline(__always)
  public mutating func skipWhitespace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  /// Skips white space, then `byte` if it stands there.
  @inline(__always)
  public mutating func accept(_ byte: UInt8) -> Bool {
    skipWhitespace()
    guard current == byte else { return false }
    position += 1
    return true
  }

  /// Expects a string at the position; returns the range between its quotes, escapes included.
  public mutating func string() -> Range<Int>? {
    guard current == UInt8(ascii: "\"") else { return nil }
    let start = position + 1
    guard let end = endOfString(from: start) else { return nil }
    position = end + 1
    return start..<end
  }

  /// The first quote that no backslash escapes. Text of programs has a quote every few words, so they
  /// are looked for in blocks and not one by one.
  private func endOfString(from start: Int) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var at = start
    var escapes = EscapedBytes()
    while at + 64 <= bytes.count {
      let quotes =
        csimd_equal(base + at, 0x22) & ~escapes.next(backslashes: csimd_equal(base + at, 0x5C))
      if quotes != 0 { return at + quotes.trailingZeroBitCount }
      at += 64
    }
    var isEscaped = escapes.isFirstOfNext
    while at < bytes.count {
      if isEscaped {
        isEscaped = false
      } else if bytes[at] == 0x22 {
        return at
      } else {
        isEscaped = bytes[at] == 0x5C
      }
      at += 1
    }
    return nil
  }

  /// Skips one value of any kind; returns its range, or nil if it does not end.
  public mutating func value() -> Range<Int>? {
    skipWhitespace()
    let start = position
    switch current {
    case 0x22:
      return string() == nil ? nil : start..<position
    case 0x7B, 0x5B:
      return skipContainer() ? start..<position : nil
    default:
      while position < bytes.count, isScalarByte(bytes[position]) { position += 1 }
      return position > start ? start..<position : nil
    }
  }

  /// At `{` or `[`: skips to behind the matching bracket. Depth is counted, not stacked.
  private mutating func skipContainer() -> Bool {
    var depth = 0
    while position < bytes.count {
      switch bytes[position] {
      case 0x22:
        guard string() != nil else { return false }
        continue
      case 0x7B, 0x5B: depth += 1
      case 0x7D, 0x5D:
        depth -= 1
        if depth == 0 {
          position += 1
          return true
        }
      default: break
      }
      position += 1
    }
    return false
  }

  private func isScalarByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "+"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// Calls `body` with each member of the object at the position: key range (between the quotes)
  /// and value range. `body` returns false to stop early, which counts as success.
  /// - Returns: false if the object is malformed or truncated.
  public mutating func members(_ body: (Range<Int>, Range<Int>) -> Bool) -> Bool {
    guard accept(0x7B) else { return false }
    if accept(0x7D) { return true }
    repeat {
      skipWhitespace()
      guard let key = string(), accept(0x3A), let value = value() else { return false }
      if !body(key, value) { return true }
    } while accept(0x2C)
    return accept(0x7D)
  }

  /// Calls `body` with the range of each element of the array at the position.
  /// - Returns: false if the array is malformed or truncated.
  public mutating func elements(_ body: (Range<Int>) -> Bool) -> Bool {
    guard accept(0x5B) else { return false }
    if accept(0x5D) { return true }
    repeat {
      guard let value = value() else { return false }
      if !body(value) { return true }
    } while accept(0x2C)
    return accept(0x5D)
  }

  /// The value of the first member called `key` of the object at the position.
  public mutating func member(_ key: StaticString) -> Range<Int>? {
    var found: Range<Int>?
    let text = bytes
    _ = members { name, value in
      if equal(text[name], key) {
        found = value
        return false
      }
      return true
    }
    return found
  }
}

/// Whether the bytes are exactly those of `text`. Keys with escapes never match, which only means
/// that such a key is not recognised.
@inline(__always)
public func equal(_ bytes: Slice<UnsafeRawBufferPointer>, _ text: StaticString) -> Bool {
  guard bytes.count == text.utf8CodeUnitCount else { return false }
  guard let start = bytes.base.baseAddress else { return bytes.isEmpty }
  return memcmp(start + bytes.startIndex, text.utf8Start, bytes.count) == 0
}
