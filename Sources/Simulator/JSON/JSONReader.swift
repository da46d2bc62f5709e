import Glibc

/// Why a text is not JSON that the simulator reads. `offset` is the byte at which it gave up.
struct JSONError: Error, Equatable, Sendable {
  enum Reason: String, Sendable {
    case unexpectedByte = "unexpected byte"
    case unexpectedEnd = "unexpected end of input"
    case invalidText = "string is not valid UTF-8"
    case invalidEscape = "invalid escape"
    case invalidNumber = "invalid number"
    case trailingBytes = "bytes behind the value"
    case tooDeep = "nesting is too deep"
  }

  var reason: Reason
  var offset: Int
}

/// Reads one JSON text (RFC 8259) into a `JSONTree`. Strict where llama.cpp is: bad UTF-8, lone
/// surrogates, `NaN` and trailing bytes are errors; a byte order mark is skipped.
///
/// Containers are kept on an explicit stack of at most `maxDepth`, so hostile nesting is an error
/// and never a stack overflow.
struct JSONReader {
  static let maxDepth = 128

  private let bytes: UnsafeRawBufferPointer
  private var position = 0
  private var open: [Frame] = []

  /// A container whose end has not been read.
  private struct Frame {
    var isObject: Bool
    var elements: [JSONTree] = []
    var members: [JSONTree.Member] = []
    var key = ""
  }

  private init(_ bytes: UnsafeRawBufferPointer) {
    self.bytes = bytes
  }

  static func read(_ bytes: UnsafeRawBufferPointer) throws(JSONError) -> JSONTree {
    var reader = JSONReader(bytes)
    return try reader.document()
  }

  static func read(_ text: String) throws(JSONError) -> JSONTree {
    let bytes = Array(text.utf8)
    return try read(bytes)
  }

  static func read(_ bytes: [UInt8]) throws(JSONError) -> JSONTree {
    let result: Result<JSONTree, JSONError> = bytes.withUnsafeBytes { buffer in
      do throws(JSONError) {
        return .success(try read(buffer))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private func failure(_ reason: JSONError.Reason) -> JSONError {
    JSONError(reason: position >= bytes.count ? .unexpectedEnd : reason, offset: position)
  }

  private mutating func skipWhitespace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x0A, 0x0D, 0x09: position += 1
      default: return
      }
    }
  }

  private mutating func document() throws(JSONError) -> JSONTree {
    if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF { position = 3 }
    var finished: JSONTree?
    while finished == nil {
      if let value = try begin() { finished = try close(over: value) }
    }
    skipWhitespace()
    guard position == bytes.count, let finished else { throw failure(.trailingBytes) }
    return finished
  }

  /// At the place of a value: returns it if it is complete, or opens a container and returns nil.
  private mutating func begin() throws(JSONError) -> JSONTree? {
    skipWhitespace()
    guard position < bytes.count else { throw failure(.unexpectedEnd) }
    switch bytes[position] {
    case UInt8(ascii: "{"):
      try push(isObject: true)
      skipWhitespace()
      if position < bytes.count, bytes[position] == UInt8(ascii: "}") {
        position += 1
        open.removeLast()
        return .object([])
      }
      try key()
      return nil
    case UInt8(ascii: "["):
      try push(isObject: false)
      skipWhitespace()
      if position < bytes.count, bytes[position] == UInt8(ascii: "]") {
        position += 1
        open.removeLast()
        return .array([])
      }
      return nil
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try literal("true", .bool(true))
    case UInt8(ascii: "f"): return try literal("false", .bool(false))
    case UInt8(ascii: "n"): return try literal("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number(try number())
    default: throw failure(.unexpectedByte)
    }
  }

  /// Puts a complete value into the container it belongs to, and every container that ends behind
  /// it into its own. Returns the value when no container is left open.
  private mutating func close(over value: JSONTree) throws(JSONError) -> JSONTree? {
    var value = value
    while let last = open.indices.last {
      if open[last].isObject {
        open[last].members.append(.init(key: open[last].key, value: value))
      } else {
        open[last].elements.append(value)
      }
      skipWhitespace()
      guard position < bytes.count else { throw failure(.unexpectedEnd) }
      switch (bytes[position], open[last].isObject) {
      case (UInt8(ascii: ","), let isObject):
        position += 1
        if isObject { try key() }
        return nil
      case (UInt8(ascii: "}"), true):
        position += 1
        value = .object(open.removeLast().members)
      case (UInt8(ascii: "]"), false):
        position += 1
        value = .array(open.removeLast().elements)
      default: throw failure(.unexpectedByte)
      }
    }
    return value
  }

  private mutating func push(isObject: Bool) throws(JSONError) {
    guard open.count < Self.maxDepth else { throw failure(.tooDeep) }
    position += 1
    open.append(Frame(isObject: isObject))
  }

  private mutating func key() throws(JSONError) {
    skipWhitespace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
      throw failure(.unexpectedByte)
    }
    let name = try string()
    skipWhitespace()
    guard position < bytes.count, bytes[position] == UInt8(ascii: ":") else {
      throw failure(.unexpectedByte)
    }
    position += 1
    open[open.count - 1].key = name
  }

  private mutating func literal(
    _ word: StaticString, _ value: JSONTree
  ) throws(JSONError) -> JSONTree {
    let end = position + word.utf8CodeUnitCount
    guard end <= bytes.count else {
      position = bytes.count
      throw failure(.unexpectedEnd)
    }
    for index in 0..<word.utf8CodeUnitCount
    where bytes[position + index] != word.utf8Start[index] {
      throw failure(.unexpectedByte)
    }
    position = end
    return value
  }

  private mutating func number() throws(JSONError) -> String {
    let start = position
    if bytes[position] == UInt8(ascii: "-") { position += 1 }
    let whole = digits()
    guard whole > 0 else { throw failure(.invalidNumber) }
    let first = bytes[position - whole]
    if first == UInt8(ascii: "0"), whole > 1 { throw failure(.invalidNumber) }
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
      position += 1
      guard digits() > 0 else { throw failure(.invalidNumber) }
    }
    if position < bytes.count, bytes[position] | 0x20 == UInt8(ascii: "e") {
      position += 1
      if position < bytes.count,
        bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-")
      {
        position += 1
      }
      guard digits() > 0 else { throw failure(.invalidNumber) }
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func digits() -> Int {
    let start = position
    while position < bytes.count, bytes[position] &- UInt8(ascii: "0") < 10 { position += 1 }
    return position - start
  }

  /// At the opening quote: reads to behind the closing one.
  private mutating func string() throws(JSONError) -> String {
    position += 1
    let start = position
    var unescaped: [UInt8]?
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case UInt8(ascii: "\""):
        let text: String?
        if let unescaped {
          text = String(validating: unescaped, as: UTF8.self)
        } else {
          text = String(validating: bytes[start..<position], as: UTF8.self)
        }
        guard let text else { throw failure(.invalidText) }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        var copy = unescaped.take() ?? Array(bytes[start..<position])
        position += 1
        try escape(into: &copy)
        unescaped = consume copy
      case 0..<0x20: throw failure(.invalidText)
      default:
        unescaped?.append(byte)
        position += 1
      }
    }
    throw failure(.unexpectedEnd)
  }

  /// Behind a backslash: appends what it stands for.
  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard position < bytes.count else { throw failure(.unexpectedEnd) }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexUnit()
      if code & 0xFC00 == 0xD800 {
        guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
          bytes[position + 1] == UInt8(ascii: "u")
        else { throw failure(.invalidEscape) }
        position += 2
        let low = try hexUnit()
        guard low & 0xFC00 == 0xDC00 else { throw failure(.invalidEscape) }
        code = 0x10000 + ((code & 0x3FF) << 10 | low & 0x3FF)
      }
      guard let scalar = Unicode.Scalar(code) else { throw failure(.invalidEscape) }
      text.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default: throw failure(.invalidEscape)
    }
  }

  private mutating func hexUnit() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard position < bytes.count else { throw failure(.unexpectedEnd) }
      let digit: UInt32
      switch bytes[position] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt32(bytes[position]) - 0x30
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt32(bytes[position]) - 0x61 + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = UInt32(bytes[position]) - 0x41 + 10
      default: throw failure(.invalidEscape)
      }
      value = value << 4 | digit
      position += 1
    }
    return value
  }
}
