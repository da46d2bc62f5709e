import Bytes
import Prefix
import Proxy

/// Compares what llama.cpp's chat template makes of two requests that follow each other: when the
/// server reused less than predicted, was it the template that wrote the history anew, or did the
/// server lose it? And where a break stands at a place that no answer has counted yet, how many tokens
/// are in front of it? Both prompts are compared as the server writes them, in JSON, so that neither is
/// decoded. Source: `POST /apply-template` and `/tokenize`, tools/server/README.md.
struct RenderingCheck {
  enum Finding: Equatable {
    /// The history is rendered as before: only the model's last answer, given back, differs from what
    /// it had generated. So many tokens are the same.
    case answer(sameTokens: Int)
    /// The template renders earlier messages in other words than before.
    case history(sameTokens: Int)
    /// The same tokens were there, and the server did not reuse them.
    case lost(sameTokens: Int)

    var sameTokens: Int {
      switch self {
      case .answer(let same), .history(let same), .lost(let same): same
      }
    }
  }

  let session: SessionID
  let turn: Int
  /// Tokens that the server reused; nil while that is not known.
  let reported: Int?
  private let bodies: (before: ByteBuffer, after: ByteBuffer)
  private var before: ByteBuffer?
  private var same: Same?
  private(set) var finding: Finding?

  private struct Same {
    var text: ByteBuffer
    /// Bytes of the earlier prompt behind it.
    var rest: Int
  }

  /// Longer requests are not rendered again: that would take the server's time.
  static let maxBodyBytes = 1 << 20
  /// What a template may put at a prompt's end for the answer to begin with, and not in front of the
  /// same answer in a history.
  private static let maxOpening = 64

  /// nil if a request is too long.
  init?(
    session: SessionID, turn: Int, reported: Int?, before: ByteBuffer, after: ByteBuffer
  ) {
    guard before.count <= Self.maxBodyBytes, after.count <= Self.maxBodyBytes else { return nil }
    self.session = session
    self.turn = turn
    self.reported = reported
    bodies = (before, after)
  }

  var request: ProbeRequest {
    if let same { return ask("/tokenize", tokenizing(same.text)) }
    return ask("/apply-template", before == nil ? bodies.before : bodies.after)
  }

  private func ask(_ path: String, _ body: ByteBuffer) -> ProbeRequest {
    ProbeRequest(path: path, body: body, maxAnswerBytes: 8 << 20, timeoutMillis: 10_000)
  }

  private func tokenizing(_ text: ByteBuffer) -> ByteBuffer {
    let body = ByteBuffer(capacity: text.count + 80)
    body.append(#"{"add_special":true,"parse_special":true,"content":""#)
    body.append(text.bytes)
    body.append("\"}")
    return body
  }

  /// Takes the answer to `request`; false if it is of another form.
  mutating func read(_ json: UnsafeRawBufferPointer) -> Bool {
    var scanner = JSONScanner(json)
    scanner.skipWhitespace()
    if let same {
      guard let range = scanner.member("tokens"), let count = Self.elements(json, range) else {
        return false
      }
      finding = conclusion(count, rest: same.rest)
      return true
    }
    guard let range = scanner.member("prompt"), range.count >= 2,
      json[range.lowerBound] == UInt8(ascii: "\"")
    else { return false }
    let prompt = UnsafeRawBufferPointer(
      rebasing: json[(range.lowerBound + 1)..<(range.upperBound - 1)])
    if let before {
      let length = Self.wholeCharacters(before.bytes, commonPrefixLength(before.bytes, prompt))
      let text = ByteBuffer(capacity: length)
      text.append(UnsafeRawBufferPointer(rebasing: prompt[..<length]))
      same = Same(text: text, rest: before.count - length)
    } else {
      let copy = ByteBuffer(capacity: prompt.count)
      copy.append(prompt)
      before = copy
    }
    return true
  }

  private func conclusion(_ tokens: Int, rest: Int) -> Finding {
    if let reported, reported + max(32, tokens / 50) < tokens { return .lost(sameTokens: tokens) }
    return rest <= Self.maxOpening ? .answer(sameTokens: tokens) : .history(sameTokens: tokens)
  }

  private static func elements(_ json: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int? {
    var scanner = JSONScanner(json, at: range.lowerBound)
    var count = 0
    let isWhole = scanner.elements { _ in
      count += 1
      return true
    }
    return isWhole ? count : nil
  }

  /// The longest part of the first `length` bytes of a JSON string's inside that ends neither in an
  /// escape nor in a character.
  static func wholeCharacters(_ text: UnsafeRawBufferPointer, _ length: Int) -> Int {
    var end = min(length, text.count)
    if end < text.count {
      while end > 0, text[end] & 0xC0 == 0x80 { end -= 1 }
    }
    // An escape is at most six bytes long, a pair of them twelve.
    var at = max(0, end - 12)
    while at < end {
      guard text[at] == UInt8(ascii: "\\") else {
        at += 1
        continue
      }
      // Cut in front of whatever escape stands so near: a few bytes do not matter.
      while at > 0, text[at - 1] == UInt8(ascii: "\\") { at -= 1 }
      return at
    }
    return end
  }
}
