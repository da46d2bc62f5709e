import Testing
import TestSupport
import Wire

/// One input with what a strict reader makes of it.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
  enum Outcome: Equatable, Sendable {
    /// The heads or the body as text, see the `read` functions.
    case accepted(String)
    case refused(WireError)
    /// Nothing wrong so far, but the end is missing.
    case incomplete
  }

  let section: String
  let name: String
  let input: [UInt8]
  let outcome: Outcome

  init(_ section: String, _ name: String, _ input: String, _ outcome: Outcome) {
    self.init(section, name, Array(input.utf8), outcome)
  }

  init(_ section: String, _ name: String, _ input: [UInt8], _ outcome: Outcome) {
    self.section = section
    self.name = name
    self.input = input
    self.outcome = outcome
  }

  var testDescription: String { "RFC \(section): \(name)" }

  /// Reads the input in every split with `read` and compares.
  func verify(
    sourceLocation: SourceLocation = #_sourceLocation, _ read: ([[UInt8]]) -> Outcome
  ) {
    let (reading, disagreements) = SplitFeeder.read(input, read)
    #expect(reading == outcome, "\(testDescription)", sourceLocation: sourceLocation)
    #expect(disagreements == [], "\(testDescription)", sourceLocation: sourceLocation)
  }
}

/// Reads one request head; the text is `METHOD target minor framing`, then a word per property.
func readRequest(_ pieces: [[UInt8]], limits: HTTPLimits = .request) -> ConformanceCase.Outcome {
  var parser = RequestHeadParser(limits: limits)
  for piece in pieces {
    do throws(WireError) {
      guard let head = try consume(&parser, piece).head else { continue }
      return .accepted(summary(head))
    } catch {
      return .refused(error)
    }
  }
  return .incomplete
}

func consume(
  _ parser: inout RequestHeadParser, _ bytes: [UInt8]
) throws(WireError) -> (consumed: Int, head: RequestHead?) {
  try feed(bytes) { piece throws(WireError) in try parser.consume(piece) }
}

func request(_ text: String, limits: HTTPLimits = .request) throws(WireError) -> RequestHead? {
  var parser = RequestHeadParser(limits: limits)
  return try consume(&parser, Array(text.utf8)).head
}

func response(
  _ text: String, to method: String = "POST", limits: HTTPLimits = .response
) throws(WireError) -> ResponseHead? {
  var parser = ResponseHeadParser(limits: limits)
  return try feed(text) { piece throws(WireError) in
    try parser.consume(piece, requestMethod: method).head
  }
}

private func summary(_ head: RequestHead) -> String {
  var words = [head.method, head.target, "1.\(head.minorVersion)", text(head.framing)]
  if !head.keepAlive { words.append("closes") }
  if head.expectsContinue { words.append("expects") }
  return words.joined(separator: " ")
}

/// Reads one response head; the text is `status minor framing` and `closes`.
func readResponse(
  _ pieces: [[UInt8]], method: String = "POST", limits: HTTPLimits = .response
) -> ConformanceCase.Outcome {
  var parser = ResponseHeadParser(limits: limits)
  for piece in pieces {
    do throws(WireError) {
      let head = try feed(piece) { bytes throws(WireError) in
        try parser.consume(bytes, requestMethod: method).head
      }
      guard let head else { continue }
      let words = ["\(head.status)", "1.\(head.minorVersion)", text(head.framing)]
      return .accepted((words + (head.keepAlive ? [] : ["closes"])).joined(separator: " "))
    } catch {
      return .refused(error)
    }
  }
  return .incomplete
}

/// Reads one chunked body; the text is the body, then ` +n` if n bytes were left over, then the
/// trailers.
func readChunked(_ pieces: [[UInt8]], limits: HTTPLimits = .request) -> ConformanceCase.Outcome {
  var decoder = ChunkedDecoder(limits: limits)
  var body: [UInt8] = []
  var left = 0
  for piece in pieces {
    do throws(WireError) {
      let taken = try feed(piece) { bytes throws(WireError) in
        try decoder.consume(bytes) { body.append(contentsOf: $0) }
      }
      left += piece.count - taken
    } catch {
      return .refused(error)
    }
  }
  guard decoder.isFinished else { return .incomplete }
  var text = String(decoding: body, as: UTF8.self) + (left > 0 ? " +\(left)" : "")
  decoder.trailers.forEach { name, value in
    text +=
      " " + String(decoding: name, as: UTF8.self) + "=" + String(decoding: value, as: UTF8.self)
  }
  return .accepted(text)
}

func text(_ framing: BodyFraming) -> String {
  switch framing {
  case .none: "none"
  case .length(let length): "length=\(length)"
  case .chunked: "chunked"
  case .untilClose: "close"
  }
}
