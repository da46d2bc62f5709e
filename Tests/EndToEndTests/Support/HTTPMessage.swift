import Wire

/// A request or response as far as it arrived.
struct HTTPMessage {
  /// Method and target, or the status.
  var start: Start
  var fields: HeaderFields
  var body: [UInt8] = []
  var isComplete = false

  enum Start: Equatable {
    case request(method: String, target: String)
    case response(status: Int)
  }

  var status: Int? {
    if case .response(let status) = start { status } else { nil }
  }

  var target: String? {
    if case .request(_, let target) = start { target } else { nil }
  }

  var text: String { String(decoding: body, as: UTF8.self) }

  /// All fields in order, as `name: value`.
  var fieldLines: [String] {
    var lines: [String] = []
    fields.forEach { name, value in
      lines.append(
        String(decoding: name, as: UTF8.self) + ": " + String(decoding: value, as: UTF8.self))
    }
    return lines
  }

  /// The complete requests that one connection brought.
  static func requests(in bytes: [UInt8]) -> [HTTPMessage] {
    var rest = bytes[...]
    var found: [HTTPMessage] = []
    while !rest.isEmpty {
      var parser = RequestHeadParser()
      guard
        let (consumed, head) = try? rest.withUnsafeBytes({ try parser.consume($0) }), let head
      else { break }
      rest = rest.dropFirst(consumed)
      var message = HTTPMessage(
        start: .request(method: head.method, target: head.target), fields: head.fields)
      rest = rest.dropFirst(message.takeBody(rest, head.framing))
      guard message.isComplete else { break }
      found.append(message)
    }
    return found
  }

  /// The response at the start of `bytes`, informational ones left out.
  static func response(in bytes: [UInt8], to method: String) -> HTTPMessage? {
    var rest = bytes[...]
    while true {
      var parser = ResponseHeadParser()
      guard
        let (consumed, head) = try? rest.withUnsafeBytes({
          try parser.consume($0, requestMethod: method)
        }), let head
      else { return nil }
      rest = rest.dropFirst(consumed)
      if head.isInformational { continue }
      var message = HTTPMessage(start: .response(status: head.status), fields: head.fields)
      _ = message.takeBody(rest, head.framing)
      return message
    }
  }

  /// - Returns: how many bytes were taken.
  private mutating func takeBody(_ bytes: ArraySlice<UInt8>, _ framing: BodyFraming) -> Int {
    switch framing {
    case .none:
      isComplete = true
      return 0
    case .length(let count):
      body = Array(bytes.prefix(count))
      isComplete = body.count == count
      return body.count
    case .chunked:
      var decoder = ChunkedDecoder()
      var decoded: [UInt8] = []
      let consumed = try? bytes.withUnsafeBytes { try decoder.consume($0) { decoded += $0 } }
      body = decoded
      isComplete = decoder.isFinished
      return consumed ?? bytes.count
    case .untilClose:
      body = Array(bytes)
      return bytes.count
    }
  }
}
