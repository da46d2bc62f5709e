/// What the model answers, known in full before the first token is sent.
struct Reply: Sendable {
  enum End: Sendable { case stop, length, toolCalls }

  struct Call: Equatable, Sendable {
    /// Letters and digits only; each dialect puts its own prefix in front.
    var id: String
    var name: String
    var arguments: JSONTree
    /// The arguments as the model spelled them.
    var spelled: String
  }

  /// What one token adds to the answer.
  enum Step: Equatable, Sendable {
    case text(String)
    /// The token opens a call.
    case call(Int)
    case arguments(Int, String)
    /// The token is template syntax or the end of the turn.
    case silent
  }

  var text: String
  var calls: [Call]
  var end: End
  /// One entry per generated token.
  var steps: [Step]
  /// The tokens that are in the cache afterwards: all but the last one sampled.
  var evaluated: [UInt32]

  var tokenCount: Int { steps.count }
}

extension Reply {
  /// Cuts a finished answer into tokens.
  ///
  /// - Parameters:
  ///   - limit: most tokens to generate; at least one is. An answer whose calls do not fit loses
  ///     them, so that no call is ever cut in half.
  init(text: String, calls: [Call], limit: Int?) {
    let limit = max(1, limit ?? Int.max)
    var calls = calls
    var layout = Layout(text: text, calls: calls)
    if layout.pieces.count >= limit, !calls.isEmpty {
      calls = []
      layout = Layout(text: text, calls: [])
    }
    // The end of the turn is a token too.
    let ends = layout.pieces.count < limit
    let pieces = layout.pieces.prefix(limit)
    var steps = pieces.map { layout.step(for: $0) }
    let tokens = Tokenizer.tokens(of: Array(layout.bytes[..<(pieces.last?.upperBound ?? 0)]))
    if ends {
      steps.append(.silent)
      evaluated = tokens
    } else {
      evaluated = Array(tokens.dropLast())
    }
    self.text = ends ? text : layout.text(upTo: pieces.last?.upperBound ?? 0)
    self.calls = calls
    self.steps = steps
    end = !ends ? .length : calls.isEmpty ? .stop : .toolCalls
  }

  /// The answer as the model writes it, and what its byte ranges are.
  private struct Layout {
    var bytes: [UInt8] = []
    var textEnd: Int
    /// The tokens of a call's frame that announce it, and those that carry its arguments.
    var names: [Range<Int>] = []
    var arguments: [Range<Int>] = []
    var pieces: [Range<Int>]

    init(text: String, calls: [Call]) {
      bytes = Array(text.utf8)
      textEnd = bytes.count
      for (index, call) in calls.enumerated() {
        if index > 0 || textEnd > 0 { bytes.append(0x0A) }
        let frame = bytes.count
        bytes += Array(PromptTemplate.opening(of: call.name).utf8)
        let start = bytes.count
        names.append(frame..<frame + 1)
        bytes += Array(call.spelled.utf8)
        arguments.append(start..<bytes.count)
        bytes += Array(PromptTemplate.closing.utf8)
      }
      pieces = Tokenizer.pieces(of: bytes)
    }

    func text(upTo end: Int) -> String {
      String(decoding: bytes[..<min(end, textEnd)], as: UTF8.self)
    }

    func step(for piece: Range<Int>) -> Step {
      if piece.lowerBound < textEnd {
        let part = piece.clamped(to: 0..<textEnd)
        return .text(String(decoding: bytes[part], as: UTF8.self))
      }
      for (index, range) in arguments.enumerated() where piece.overlaps(range) {
        let part = piece.clamped(to: range)
        return .arguments(index, String(decoding: bytes[part], as: UTF8.self))
      }
      for (index, name) in names.enumerated() where piece.overlaps(name) { return .call(index) }
      return .silent
    }
  }
}
