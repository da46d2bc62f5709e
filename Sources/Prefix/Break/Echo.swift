import Bytes
import Prompt
import Upstream

/// How an agent sent back what the model had generated. Compares what a template can see: decoded
/// text, and the text of arguments.
public struct Echo: Sendable, Equatable {
  /// How one part of the message compares with what was generated.
  public enum Fidelity: Sendable, Equatable {
    /// The same text, character for character (UTF-8), escapes of the surrounding JSON aside.
    case identical
    /// The same meaning in other bytes: white space at the end of text; white space, escapes and
    /// ways of writing numbers in arguments.
    case alike
    /// Arguments with the same members in another order: same meaning, other rendering.
    case reordered
    /// It was generated, and was not sent back.
    case missing
    /// Anything else; also what was never generated.
    case changed
  }

  /// The whole message in one word, the worst of its parts.
  public enum Outcome: Sendable, Equatable {
    case same, sameMeaning, reasoningMissing, changed, absent

    /// What the agent did with the answer, for people.
    public var words: String {
      switch self {
      case .same: "sent back as it was written"
      case .sameMeaning: "sent back in other bytes with the same meaning"
      case .reasoningMissing: "sent back without its reasoning"
      case .changed: "sent back changed"
      case .absent: "not sent back"
      }
    }
  }

  public let text: Fidelity
  let reasoning: Fidelity
  public let calls: Fidelity
  /// Calls are the same but for their ids.
  public let renamesIDs: Bool
  /// The blocks of the request (indices of its index) that are the echo; empty if there is none.
  /// More than one only in the Responses dialect, whose items are messages, calls and reasoning.
  public let blocks: Range<Int>

  /// Share of the answer that comes back unchanged, from its start, 0...1: by bytes of reasoning, text
  /// and arguments, in the order in which they were generated.
  public let returnedShare: Double
  /// Share of the answer in front of its first tool call, 0...1.
  public let plainShare: Double

  public var outcome: Outcome {
    if blocks.isEmpty { return .absent }
    if [text, calls].contains(where: { $0 == .missing || $0 == .changed }) || reasoning == .changed
    {
      return .changed
    }
    if reasoning == .missing { return .reasoningMissing }
    return [text, reasoning, calls].allSatisfy { $0 == .identical } && !renamesIDs
      ? .same : .sameMeaning
  }

  /// - Parameters:
  ///   - generated: what the model wrote; must not be truncated.
  ///   - sent: what the agent made of it, read by `EchoReader`.
  init(_ generated: GeneratedMessage, _ sent: GeneratedMessage, blocks: Range<Int>) {
    self.blocks = blocks
    let thought = InlineReasoning(generated, sent)
    text = thought == nil ? Self.compare(generated.text, sent.text) : .identical
    reasoning = thought == nil ? Self.compare(generated.reasoning, sent.reasoning) : .missing
    let pairs = zip(generated.toolCalls, sent.toolCalls)
    calls = Self.compare(generated.toolCalls, sent.toolCalls)
    renamesIDs = pairs.contains { !isSameText($0.id, $1.id) && !$0.id.isEmpty }
    plainShare = Self.plainShare(generated)
    let total = Double(max(1, generated.byteCount))
    switch (reasoning, text) {
    case (.identical, .identical): returnedShare = calls == .identical ? 1 : plainShare
    case (.identical, _):
      let common = Self.commonBytes(generated.text, sent.text)
      returnedShare = Double(generated.reasoning.utf8.count + common) / total
    default:
      returnedShare = Double(Self.commonBytes(generated.reasoning, sent.reasoning)) / total
    }
  }

  private init(absentFrom generated: GeneratedMessage) {
    blocks = 0..<0
    text = generated.text.isEmpty ? .identical : .missing
    reasoning = generated.reasoning.isEmpty ? .identical : .missing
    calls = generated.toolCalls.isEmpty ? .identical : .missing
    renamesIDs = false
    returnedShare = 0
    plainShare = Self.plainShare(generated)
  }

  private static func plainShare(_ generated: GeneratedMessage) -> Double {
    guard !generated.toolCalls.isEmpty else { return 1 }
    return Double(generated.reasoning.utf8.count + generated.text.utf8.count)
      / Double(max(1, generated.byteCount))
  }

  private static func commonBytes(_ a: String, _ b: String) -> Int {
    var (a, b) = (a, b)
    return a.withUTF8 { a in b.withUTF8 { b in commonPrefixLength(.init(a), .init(b)) } }
  }

  /// Compares the session's last answer with its echo in the request; nil if there is nothing to
  /// compare: no recorded answer, or a request that does not continue that answer's conversation by
  /// sending it again.
  public static func find(_ reception: Reception) -> Echo? {
    guard let generated = reception.session.generated, !generated.isTruncated, !generated.isEmpty,
      reception.relation == .continuation || reception.relation == .mutation,
      let old = reception.previous, let alignment = reception.alignment, !alignment.isChained,
      old.index.blocks.last?.kind != .assistant
    else { return nil }
    let blocks = EchoReader.place(alignment, old.index, reception.history.index)
    guard !blocks.isEmpty else { return Echo(absentFrom: generated) }
    guard let sent = EchoReader.read(blocks, of: reception.history) else { return nil }
    return Echo(generated, sent, blocks: blocks)
  }

  private static func compare(_ generated: String, _ sent: String) -> Fidelity {
    if isSameText(generated, sent) { return .identical }
    if isSameText(trimmed(generated), trimmed(sent)) { return .alike }
    return sent.isEmpty ? .missing : .changed
  }

  private static func compare(
    _ generated: [GeneratedMessage.ToolCall], _ sent: [GeneratedMessage.ToolCall]
  ) -> Fidelity {
    guard generated.count == sent.count else { return sent.isEmpty ? .missing : .changed }
    var worst = Fidelity.identical
    for (a, b) in zip(generated, sent) {
      guard isSameText(a.name, b.name) else { return .changed }
      switch ArgumentsComparison.compare(a.arguments, b.arguments) {
      case .identical: break
      case .alike: if worst == .identical { worst = .alike }
      case .reordered: worst = .reordered
      case .missing, .changed: return .changed
      }
    }
    return worst
  }

  private static func trimmed(_ text: String) -> Substring {
    var text = Substring(text)
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return text
  }
}

/// Text in which the model thought aloud between tags, sent back without it.
private struct InlineReasoning {
  init?(_ generated: GeneratedMessage, _ sent: GeneratedMessage) {
    guard generated.reasoning.isEmpty, sent.reasoning.isEmpty,
      generated.text.utf8.count > sent.text.utf8.count
    else { return nil }
    var text = Substring(generated.text)
    while let first = text.first, first.isWhitespace { text.removeFirst() }
    guard text.hasPrefix("<think>"), let end = Self.end(of: "</think>", in: text) else {
      return nil
    }
    var rest = text[end...]
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    guard isSameText(rest, sent.text) else { return nil }
  }

  private static func end(of tag: String, in text: Substring) -> Substring.Index? {
    var at = text.startIndex
    while let next = text[at...].firstIndex(of: "<") {
      if text[next...].hasPrefix(tag) { return text.index(next, offsetBy: tag.count) }
      at = text.index(after: next)
    }
    return nil
  }
}

/// Equal by bytes: `==` on strings also takes canonically equivalent ones for equal, which a
/// tokenizer does not.
func isSameText(_ a: some StringProtocol, _ b: some StringProtocol) -> Bool {
  let isSame = a.utf8.withContiguousStorageIfAvailable { a in
    b.utf8.withContiguousStorageIfAvailable { b in
      a.count == b.count && commonPrefixLength(.init(a), .init(b)) == a.count
    }
  }
  return (isSame ?? nil) ?? a.utf8.elementsEqual(b.utf8)
}
