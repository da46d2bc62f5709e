/// The grammar of Host: `uri-host [ ":" port ]` (RFC 9110 section 7.2, RFC 3986 section 3.2.2). An
/// empty host is refused, as it must be in an http URI (RFC 9110 section 4.2.1).
public enum HostName {
  /// Whether `host`, a valid value of Host, is an address or `localhost`, which no name server can
  /// make mean something else.
  public static func isLocal(_ host: String) -> Bool {
    if host.hasPrefix("[") { return true }
    let name = host.prefix { $0 != ":" }.lowercased()
    if name == "localhost" || name.hasSuffix(".localhost") { return true }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  static func isValid(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    guard let parts = split(bytes, range) else { return false }
    if let port = parts.port, !port.isEmpty, self.port(bytes, port) == nil { return false }
    if bytes[range.lowerBound] == UInt8(ascii: "[") {
      return isIPv6(bytes, parts.host)
    }
    return isRegisteredName(bytes, parts.host)
  }

  /// Host (without brackets) and port (without colon); nil if a bracket is open or the host empty.
  static func split(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) -> (host: Range<Int>, port: Range<Int>?)? {
    guard let first = range.first else { return nil }
    let isLiteral = bytes[first] == UInt8(ascii: "[")
    let terminator = isLiteral ? UInt8(ascii: "]") : UInt8(ascii: ":")
    let start = isLiteral ? first + 1 : first
    let end = (start..<range.upperBound).first { bytes[$0] == terminator }
    if isLiteral, end == nil { return nil }
    let host = start..<(end ?? range.upperBound)
    guard !host.isEmpty else { return nil }
    let rest = host.upperBound + (isLiteral ? 1 : 0)
    guard rest < range.upperBound else { return (host, nil) }
    guard bytes[rest] == UInt8(ascii: ":") else { return nil }
    return (host, rest + 1..<range.upperBound)
  }

  /// 0 ... 65535, or nil. At most five digits.
  static func port(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    guard (1...5).contains(range.count) else { return nil }
    var port = 0
    for at in range {
      guard ByteClass.isDigit(bytes[at]) else { return nil }
      port = port * 10 + Int(bytes[at] &- 0x30)
    }
    return port <= 65_535 ? port : nil
  }

  private static func isRegisteredName(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>
  ) -> Bool {
    var at = range.lowerBound
    while at < range.upperBound {
      if bytes[at] == UInt8(ascii: "%") {
        guard range.upperBound - at >= 3, ByteClass.hexValue(bytes[at + 1]) != nil,
          ByteClass.hexValue(bytes[at + 2]) != nil
        else { return false }
        at += 3
      } else {
        guard ByteClass.isRegisteredName(bytes[at]) else { return false }
        at += 1
      }
    }
    return true
  }

  /// IPv6address: eight groups of up to four digits, one run of which `::` may stand for; the last
  /// two may be written as an IPv4 address. Zones and future versions are refused.
  static func isIPv6(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    var groups = 0
    var hasGap = false
    var at = range.lowerBound
    while at < range.upperBound {
      if bytes[at] == UInt8(ascii: ":") {
        let isDouble = at + 1 < range.upperBound && bytes[at + 1] == UInt8(ascii: ":")
        if isDouble {
          guard !hasGap else { return false }
          hasGap = true
          at += 2
          if at == range.upperBound { break }
        } else {
          guard groups > 0 else { return false }
          at += 1
        }
      } else if groups > 0 {
        return false
      }
      let start = at
      while at < range.upperBound, ByteClass.hexValue(bytes[at]) != nil { at += 1 }
      if at < range.upperBound, bytes[at] == UInt8(ascii: ".") {
        guard isIPv4(bytes, start..<range.upperBound) else { return false }
        groups += 2
        break
      }
      guard (1...4).contains(at - start) else { return false }
      groups += 1
    }
    return hasGap ? groups <= 7 : groups == 8
  }

  private static func isIPv4(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Bool {
    var octets = 0
    var at = range.lowerBound
    while true {
      let start = at
      var value = 0
      while at < range.upperBound, ByteClass.isDigit(bytes[at]), at - start < 3 {
        value = value * 10 + Int(bytes[at] &- 0x30)
        at += 1
      }
      guard at > start, value <= 255, at - start == 1 || bytes[start] != UInt8(ascii: "0") else {
        return false
      }
      octets += 1
      if octets == 4 { return at == range.upperBound }
      guard at < range.upperBound, bytes[at] == UInt8(ascii: ".") else { return false }
      at += 1
    }
  }
}
