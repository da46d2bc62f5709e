import Bytes
import Prompt
import Upstream

/// The agent's echo of the model's last answer, in other words of the same meaning: arguments
/// re-serialised, trailing white space trimmed, reasoning left out. What the server has is what the
/// model wrote, so the agent's block is forwarded with the recorded values in their places; every
/// other byte of it stays the agent's.
///
/// Applied only if the values are the same information (`Echo`): a changed text or call is the
/// agent's to change. Signed or encrypted thinking is never touched.
enum EchoRepair {
  struct Repaired {
    var block: Int
    var piece: ServerView.Piece
    var cause: Cause
    var repairClass: RepairClass
  }

  static func pieces(
    _ echo: Echo, _ generated: GeneratedMessage, _ history: History, _ policy: PinPolicy
  ) -> [Repaired] {
    guard [.sameMeaning, .reasoningMissing].contains(echo.outcome) else { return [] }
    let isReasoningMissing =
      echo.reasoning == .missing && policy.rendersReasoning
      && policy.refusal(.reasoning) == nil && history.index.dialect == .openAIChat
    let wanted = Wanted(
      text: echo.text == .alike && policy.repairs.contains(.echo)
        || isReasoningMissing && generated.reasoning.isEmpty,
      calls: [.alike, .reordered].contains(echo.calls) && policy.repairs.contains(.echo),
      reasoning: isReasoningMissing && !generated.reasoning.isEmpty)
    guard wanted.text || wanted.calls || wanted.reasoning else { return [] }
    // Text in several places cannot be told apart.
    let texts = echo.blocks.filter { at in
      history.bytes(of: at).map { EchoBlock($0, history.index.dialect).texts.count > 0 } ?? true
    }
    var firstCall = 0
    var made: [Repaired] = []
    for at in echo.blocks {
      guard let bytes = history.bytes(of: at) else { return [] }
      let block = EchoBlock(bytes, history.index.dialect)
      guard !block.isSealed else { return [] }
      var splice = ByteSplice()
      if wanted.text, texts.count == 1, block.texts.count == 1, isRestorable(generated.text) {
        splice.replace(block.texts[0], with: quoted(generated.text))
      }
      if wanted.calls {
        for (step, arguments) in block.arguments.enumerated() {
          guard firstCall + step < generated.toolCalls.count else { return [] }
          let raw = generated.toolCalls[firstCall + step].arguments
          // An empty string in place of arguments is refused by some servers.
          guard JSONValue(raw)?.members != nil else { continue }
          splice.replace(arguments, with: block.argumentsAreText ? quoted(raw) : Array(raw.utf8))
        }
      }
      firstCall += block.arguments.count
      if wanted.reasoning, isRestorable(generated.reasoning) {
        let (range, bytes) = block.reasoning(quoted(generated.reasoning))
        splice.replace(range, with: bytes)
      }
      guard let piece = spliced(bytes, splice) else { continue }
      let cause: Cause =
        wanted.calls
        ? .argumentsRewritten : isReasoningMissing ? .reasoningDropped : .whitespaceTrimmed
      made.append(
        Repaired(
          block: at, piece: piece, cause: cause,
          repairClass: isReasoningMissing ? .reasoning : .echo))
    }
    return made
  }

  private struct Wanted {
    var text: Bool
    var calls: Bool
    var reasoning: Bool
  }

  /// Half a surrogate pair has no UTF-8 form: what was recorded is not what was sent.
  private static func isRestorable(_ text: String) -> Bool {
    !text.isEmpty && !text.unicodeScalars.contains("\u{FFFD}")
  }

  private static func quoted(_ text: String) -> [UInt8] {
    Array(("\"" + NoteSplice.escaped(text) + "\"").utf8)
  }

  /// nil if nothing changes, or the result is not JSON.
  private static func spliced(
    _ bytes: UnsafeRawBufferPointer, _ splice: ByteSplice
  ) -> ServerView.Piece? {
    guard let out = splice.applied(to: bytes), !out.elementsEqual(bytes),
      out.withUnsafeBytes({ JSONValue($0) }) != nil
    else { return nil }
    return ServerView.Piece(out)
  }
}

/// Where the values of an assistant block stand, as ranges of its bytes.
private struct EchoBlock {
  private(set) var texts: [Range<Int>] = []
  private(set) var arguments: [Range<Int>] = []
  /// Whether arguments travel as a string of JSON.
  let argumentsAreText: Bool
  /// Whether it holds thinking that is signed or encrypted.
  private(set) var isSealed: Bool
  private let bytes: UnsafeRawBufferPointer
  private var reasoningValue: Range<Int>?

  init(_ bytes: UnsafeRawBufferPointer, _ dialect: Dialect) {
    self.bytes = bytes
    argumentsAreText = dialect != .anthropicMessages
    isSealed = SealedThinking.isIn(bytes)
    var scanner = JSONScanner(bytes)
    var content: Range<Int>?
    var toolCalls: Range<Int>?
    var own: Range<Int>?
    var reasoning: Range<Int>?
    _ = scanner.members { key, value in
      if equal(bytes[key], "content") { content = value }
      if equal(bytes[key], "tool_calls") { toolCalls = value }
      if equal(bytes[key], "arguments") { own = value }
      if equal(bytes[key], "reasoning_content") { reasoning = value }
      return true
    }
    reasoningValue = reasoning
    if let own { arguments.append(own) }
    if let content { readContent(content) }
    for call in elements(toolCalls) {
      var outer = JSONScanner(bytes, at: call.lowerBound)
      guard let function = outer.member("function") else { continue }
      var inner = JSONScanner(bytes, at: function.lowerBound)
      if let value = inner.member("arguments") { arguments.append(value) }
    }
  }

  /// The splice that puts reasoning into a chat message.
  func reasoning(_ quoted: [UInt8]) -> (range: Range<Int>, bytes: [UInt8]) {
    if let reasoningValue { return (reasoningValue, quoted) }
    let end = (bytes.lastIndex(of: UInt8(ascii: "}"))) ?? bytes.count
    return (end..<end, Array(#","reasoning_content":"#.utf8) + quoted)
  }

  private mutating func readContent(_ content: Range<Int>) {
    if bytes[content.lowerBound] == UInt8(ascii: "\"") { texts.append(content) }
    for part in elements(content) {
      var kind = JSONScanner(bytes, at: part.lowerBound)
      guard let type = kind.member("type") else { continue }
      var inner = JSONScanner(bytes, at: part.lowerBound)
      if equal(bytes[type], "\"tool_use\"") {
        if let input = inner.member("input") { arguments.append(input) }
      } else if let text = inner.member("text") {
        texts.append(text)
      }
    }
  }

  private func elements(_ array: Range<Int>?) -> [Range<Int>] {
    guard let array, bytes[array.lowerBound] == UInt8(ascii: "[") else { return [] }
    var ranges: [Range<Int>] = []
    var scanner = JSONScanner(bytes, at: array.lowerBound)
    _ = scanner.elements {
      ranges.append($0)
      return true
    }
    return ranges
  }
}
