import Bytes
import Prompt

/// Whether every tool call has its result and every result its call, in the order in which servers
/// demand it.
struct Pairing {
  private(set) var flaws = 0

  /// Of the request as the agent sent it.
  init(_ history: History) { self.init(history, ServerView(asSent: history.index)) }

  /// Of the request as it is forwarded.
  init(_ history: History, _ view: ServerView) {
    let index = history.index
    var open: Set<UInt64> = []
    // Responses items of one step need not stand side by side.
    let mustBeAdjacent = index.dialect != .openAIResponses
    func add(_ bytes: UnsafeRawBufferPointer) {
      let ids = CallIDs(bytes, index.dialect)
      if mustBeAdjacent, ids.results.isEmpty, !open.isEmpty {
        flaws += open.count
        open = []
      }
      for result in ids.results where open.remove(result) == nil { flaws += 1 }
      open.formUnion(ids.calls)
    }
    for at in index.indices(of: .messages) {
      let entry = view.entries[at]
      for ghost in entry.ghosts { ghost.piece.bytes.withUnsafeBytes { add($0) } }
      if let forwarded = entry.forwarded {
        forwarded.bytes.withUnsafeBytes { add($0) }
      } else if !entry.isOmitted, let bytes = history.bytes(of: at) {
        add(bytes)
      }
    }
    flaws += open.count
  }

  /// Whether what is forwarded has the calls and results of what the agent sent, block by block: then
  /// neither has to be read as a whole. Only what was replaced is looked at, and only once.
  static func isUntouched(_ history: History, _ entries: inout [ServerView.Entry]) -> Bool {
    let dialect = history.index.dialect
    for at in history.index.indices(of: .messages) where !entries[at].isAsSent {
      guard entries[at].ghosts.isEmpty, !entries[at].isOmitted else { return false }
      guard !entries[at].hasOwnCalls, let forwarded = entries[at].forwarded else { continue }
      guard let own = history.bytes(of: at) else { return false }
      entries[at].hasOwnCalls = forwarded.bytes.withUnsafeBytes {
        CallIDs($0, dialect) == CallIDs(own, dialect)
      }
      if !entries[at].hasOwnCalls { return false }
    }
    return true
  }

  /// What the agent itself left open is its own affair.
  func isAsComplete(as other: Pairing) -> Bool { flaws <= other.flaws }
}

/// The ids of the calls and results in one message, as hashes.
private struct CallIDs: Equatable {
  var calls: [UInt64] = []
  var results: [UInt64] = []

  init(_ bytes: UnsafeRawBufferPointer, _ dialect: Dialect) {
    var content: Range<Int>?
    var toolCalls: Range<Int>?
    var callID: Range<Int>?
    var type: Range<Int>?
    var scanner = JSONScanner(bytes)
    _ = scanner.members { key, value in
      if equal(bytes[key], "content") { content = value }
      if equal(bytes[key], "tool_calls") { toolCalls = value }
      if equal(bytes[key], "tool_call_id") || equal(bytes[key], "call_id") { callID = value }
      if equal(bytes[key], "type") { type = value }
      return true
    }
    switch dialect {
    case .openAIChat:
      if let callID { results.append(Self.hash(bytes, callID)) }
      each(toolCalls, bytes) { call in
        var inner = JSONScanner(bytes, at: call.lowerBound)
        if let id = inner.member("id") { calls.append(Self.hash(bytes, id)) }
      }
    case .openAIResponses:
      guard let callID, let type else { return }
      if bytes[type].count > 8, hasSuffix(bytes, type, "_output\"") {
        results.append(Self.hash(bytes, callID))
      } else {
        calls.append(Self.hash(bytes, callID))
      }
    case .anthropicMessages:
      each(content, bytes) { part in
        var kind = JSONScanner(bytes, at: part.lowerBound)
        guard let type = kind.member("type") else { return }
        var inner = JSONScanner(bytes, at: part.lowerBound)
        if equal(bytes[type], "\"tool_use\""), let id = inner.member("id") {
          calls.append(Self.hash(bytes, id))
        } else if equal(bytes[type], "\"tool_result\""), let id = inner.member("tool_use_id") {
          results.append(Self.hash(bytes, id))
        }
      }
    case .openAICompletions: break
    }
  }

  private func each(
    _ array: Range<Int>?, _ bytes: UnsafeRawBufferPointer, _ body: (Range<Int>) -> Void
  ) {
    guard let array, bytes[array.lowerBound] == UInt8(ascii: "[") else { return }
    var scanner = JSONScanner(bytes, at: array.lowerBound)
    _ = scanner.elements {
      body($0)
      return true
    }
  }

  private func hasSuffix(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, _ suffix: StaticString
  ) -> Bool {
    range.count >= suffix.utf8CodeUnitCount
      && equal(bytes[(range.upperBound - suffix.utf8CodeUnitCount)..<range.upperBound], suffix)
  }

  private static func hash(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt64 {
    hash64(UnsafeRawBufferPointer(rebasing: bytes[range]))
  }
}
