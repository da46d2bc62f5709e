/// One HTTP/1.1 message, read by the letter of RFC 9112 and by nothing of the proxy's own code: a
/// judge that shared the parser would share its faults.
public struct Message: Sendable {
  /// The request line or status line.
  public var start = ""
  /// Names in lower case, in order.
  public var fields: [(name: String, value: String)] = []
  public var body: [UInt8] = []
  /// Fields behind a chunked body.
  public var trailers: [(name: String, value: String)] = []
  /// Whether its end, as announced by its framing, was there.
  public var isComplete = false
  /// Whether the head is there.
  public var hasHead = false

  /// What `bytes` begin with.
  public enum Reading: Sendable {
    case message(Message, length: Int)
    case unreadable(String)
  }

  public enum Kind: Sendable {
    case request
    /// An answer to this method; `hasEnded` tells that the connection ended properly behind it.
    case response(method: String, hasEnded: Bool)
  }

  public var text: String { String(decoding: body, as: UTF8.self) }

  public var words: [Substring] { start.split(separator: " ", omittingEmptySubsequences: false) }

  public var status: Int { words.count > 1 ? Int(words[1]) ?? 0 : 0 }

  public func values(_ name: String) -> [String] {
    fields.filter { $0.name == name }.map { $0.value }
  }

  public static func read(_ bytes: ArraySlice<UInt8>, _ kind: Kind) -> Reading {
    var cursor = Cursor(rest: bytes)
    var message = Message()
    do throws(Cursor.Fault) {
      try message.readHead(&cursor)
      message.hasHead = true
      try message.readBody(&cursor, kind)
      message.isComplete = true
      return .message(message, length: bytes.count - cursor.rest.count)
    } catch {
      switch error {
      case .endIsMissing: return .message(message, length: bytes.count)
      case .unreadable(let reason): return .unreadable(reason)
      }
    }
  }

  private mutating func readHead(_ cursor: inout Cursor) throws(Cursor.Fault) {
    start = String(decoding: try cursor.line(), as: UTF8.self)
    fields = try cursor.fields()
  }

  private mutating func readBody(_ cursor: inout Cursor, _ kind: Kind) throws(Cursor.Fault) {
    let lengths = values("content-length")
    let codings = values("transfer-encoding")
    if lengths.count > 1 { throw .unreadable("\(lengths.count) lengths") }
    if !codings.isEmpty {
      guard lengths.isEmpty else { throw .unreadable("length and transfer coding") }
      guard codings.map({ $0.lowercased() }) == ["chunked"] else {
        throw .unreadable("transfer coding \(codings)")
      }
    }
    var length: Int?
    if let text = lengths.first {
      guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        let number = Int(text)
      else { throw .unreadable("length \(text)") }
      length = number
    }
    switch kind {
    case .request:
      guard words.count == 3, !words[0].isEmpty, !words[1].isEmpty, words[2].hasPrefix("HTTP/1.")
      else { throw .unreadable("request line \(start)") }
      if words[2] == "HTTP/1.1", values("host").count != 1 {
        throw .unreadable("\(values("host").count) Host fields")
      }
    case .response(let method, let hasEnded):
      guard start.hasPrefix("HTTP/1."), words.count > 1, words[1].utf8.count == 3,
        (100...599).contains(status)
      else { throw .unreadable("status line \(start)") }
      if method == "HEAD" || status < 200 || status == 204 || status == 304 { return }
      if codings.isEmpty, length == nil {
        body = cursor.all()
        if !hasEnded { throw .endIsMissing }
        return
      }
    }
    if codings.isEmpty {
      body = cursor.take(upTo: length ?? 0)
      if body.count < length ?? 0 { throw .endIsMissing }
      return
    }
    try readChunks(&cursor)
  }

  private mutating func readChunks(_ cursor: inout Cursor) throws(Cursor.Fault) {
    while true {
      let line = String(decoding: try cursor.line(), as: UTF8.self)
      let digits = line.prefix { $0.isASCII && $0.isHexDigit }
      guard let size = Int(digits, radix: 16),
        digits.count == line.count
          || line.dropFirst(digits.count).hasPrefix(";")
      else { throw .unreadable("chunk size \(line)") }
      if size == 0 { break }
      let part = cursor.take(upTo: size)
      body += part
      if part.count < size { throw .endIsMissing }
      guard try cursor.line().isEmpty else { throw .unreadable("no line end behind a chunk") }
    }
    trailers = try cursor.fields()
  }
}

/// Takes lines and runs of bytes off the front.
private struct Cursor {
  enum Fault: Error {
    case endIsMissing
    case unreadable(String)
  }

  var rest: ArraySlice<UInt8>

  /// Without its CRLF, which must be the only control characters apart from tabs.
  mutating func line() throws(Fault) -> ArraySlice<UInt8> {
    guard let end = rest.firstIndex(where: { $0 < 0x20 && $0 != 0x09 }) else { throw .endIsMissing }
    guard rest[end] == 0x0D else { throw .unreadable("control byte \(rest[end]) in a line") }
    guard end + 1 < rest.endIndex else { throw .endIsMissing }
    guard rest[end + 1] == 0x0A else { throw .unreadable("bare CR") }
    defer { rest = rest[(end + 2)...] }
    return rest[..<end]
  }

  /// Field lines up to the empty line.
  mutating func fields() throws(Fault) -> [(name: String, value: String)] {
    var fields: [(name: String, value: String)] = []
    while true {
      let line = try line()
      if line.isEmpty { return fields }
      guard let colon = line.firstIndex(of: 0x3A), colon > line.startIndex else {
        throw .unreadable("no field name")
      }
      let name = line[..<colon]
      guard name.allSatisfy(Cursor.isToken) else {
        throw .unreadable("field name \(String(decoding: name, as: UTF8.self))")
      }
      var value = line[(colon + 1)...]
      while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
      while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
      fields.append(
        (String(decoding: name, as: UTF8.self).lowercased(), String(decoding: value, as: UTF8.self))
      )
    }
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }

  mutating func take(upTo count: Int) -> [UInt8] {
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  mutating func all() -> [UInt8] { take(upTo: rest.count) }
}
