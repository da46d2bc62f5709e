import Bytes
import Prompt

/// One walk over a request that carries the translation table on and repairs what changed.
struct RepairPass {
  enum Result {
    case keep(ServerView)
    /// Accept the agent's version, declared.
    case rebase(String)
    /// The mode does not allow the repair.
    case refuse(String)
  }

  let old: History
  let new: History
  let alignment: Alignment
  let oldView: ServerView
  let policy: PinPolicy
  let isBranch: Bool

  private(set) var causes: [Cause] = []
  private(set) var noteBytes = 0
  private var entries: [ServerView.Entry]
  private var amendment = Amendment()
  /// Dropped blocks that go in front of the next one that is still there.
  private var pendingGhosts: [ServerView.Piece] = []
  /// Why the end of the history was given up as the agent sent it; nil if it was not.
  private(set) var givenUp: String?

  init(
    old: History, new: History, alignment: Alignment, oldView: ServerView, policy: PinPolicy,
    isBranch: Bool
  ) {
    self.old = old
    self.new = new
    self.alignment = alignment
    self.oldView = oldView
    self.policy = policy
    self.isBranch = isBranch
    entries = Array(repeating: ServerView.Entry(), count: new.index.blocks.count)
  }

  mutating func run() -> Result {
    var tools: [ServerView.Tool]?
    switch pinTools() {
    case .keep(let kept): tools = kept
    case .stop(let result): return result
    }
    for group in [BlockGroup.system, .messages] {
      if let result = carry(group) { return result }
    }
    if let result = placeNotes() { return result }
    var view = ServerView(asSent: new.index)
    view.entries = entries
    view.tools = tools
    return .keep(view)
  }

  // MARK: System blocks and messages

  /// nil to go on.
  private mutating func carry(_ group: BlockGroup) -> Result? {
    let olds = old.index.indices(of: group)
    let news = new.index.indices(of: group)
    // Behind this old block nothing is aligned any more: what follows is the agent's new tail.
    let lastAligned = news.compactMap {
      alignment.matches[$0].isUnchanged ? alignment.matches[$0].old : nil
    }.max()
    var next = olds.lowerBound
    for at in news {
      guard let before = alignment.matches[at].old else {
        // In front of aligned blocks, an unknown one was inserted; behind them, it is the tail.
        guard let lastAligned, next <= lastAligned else { continue }
        if let result = inserted(before: next) { return result }
        continue
      }
      if before > next, let result = dropped(next..<before, at, lastAligned) { return result }
      next = before + 1
      if let result = matched(at, before, lastAligned) { return result }
    }
    if next < olds.upperBound, !alignment.isChained, !isBranch {
      // Old blocks at the end are gone: the conversation was cut, which is the agent's to decide.
      return discard(from: next, reason: "the end of the conversation was dropped")
    }
    if isBranch, next < olds.upperBound { return discard(from: next, reason: "branch") }
    return nil
  }

  private mutating func matched(_ at: Int, _ before: Int, _ lastAligned: Int?) -> Result? {
    // Behind a change that was accepted nothing has to be kept any more.
    if givenUp != nil { return nil }
    let entry = oldView.entries[before]
    defer {
      entries[at].ghosts = pendingGhosts + entries[at].ghosts
      pendingGhosts = []
    }
    switch alignment.matches[at] {
    case .same:
      entries[at] = entry
    case .neutral:
      entries[at] = entry
      guard policy.restoresNeutral, entry.forwarded == nil else { return nil }
      guard let was = old.bytes(of: before), let now = new.bytes(of: at) else {
        return .rebase("history not kept")
      }
      // Cache markers belong where the agent puts them; kept in every place, they would pile up.
      if findBytes("\"cache_control\"", in: was) == nil,
        findBytes("\"cache_control\"", in: now) == nil
      {
        entries[at].forwarded = ServerView.Piece(was)
      }
    case .changed:
      return changed(at, before, lastAligned)
    case .new:
      break
    }
    return nil
  }

  private mutating func changed(_ at: Int, _ before: Int, _ lastAligned: Int?) -> Result? {
    let place = BreakPlace(
      boundary: Boundary(neutral: at, alignment, old: old, new: new), alignment: alignment,
      old: old, new: new)
    let verdict = TextCause.verdict(place)
    if verdict.cause == .redaction {
      return .rebase("redacted text is never kept")
    }
    if verdict.cause == .billingNonce, !policy.freezesBillingLine {
      return discard(from: before, reason: "the billing line belongs to the vendor's API")
    }
    if verdict.tier == .never { return discard(from: before, reason: verdict.cause.title) }
    if isBranch { return discard(from: before, reason: "branch") }
    if verdict.tier != .lossless {
      guard policy.mode == .hold else { return .refuse("\(verdict.cause.title): safe forwards it") }
      guard new.index.blocks[at].kind == .system || (lastAligned.map { $0 > before } ?? false)
      else {
        return discard(from: before, reason: verdict.cause.title)
      }
    }
    guard
      let bytes = oldView.entries[before].forwarded?.bytes ?? old.bytes(of: before).map(Array.init)
    else { return .rebase("history not kept") }
    if verdict.tier != .lossless, !addNote(verdict.cause, place, at) {
      return discard(from: before, reason: "\(verdict.cause.title): too much for a note")
    }
    entries[at] = oldView.entries[before]
    entries[at].forwarded = ServerView.Piece(bytes)
    entries[at].isHeld = true
    causes.append(verdict.cause)
    return nil
  }

  /// A block that stands in front of aligned ones and has no counterpart.
  private mutating func inserted(before next: Int) -> Result? {
    if givenUp != nil { return nil }
    guard policy.mode == .hold else { return .refuse("a message was inserted: safe forwards it") }
    return discard(from: next, reason: "a message was inserted in front of history")
  }

  /// Old blocks that are missing in front of an aligned one.
  private mutating func dropped(_ range: Range<Int>, _ at: Int, _ lastAligned: Int?) -> Result? {
    if givenUp != nil { return nil }
    guard policy.mode == .hold else { return .refuse("messages were dropped: safe forwards it") }
    guard let lastAligned, range.upperBound <= lastAligned + 1 else {
      return discard(from: range.lowerBound, reason: "messages were dropped")
    }
    var ghosts: [ServerView.Piece] = []
    var bytes = 0
    for gone in range {
      let block = old.index.blocks[gone]
      // A call without its result, or a result without its call, is refused by every server.
      guard
        block.kind == .user || block.kind == .system || block.kind == .reasoning
          || pairsWithin(range)
      else { return discard(from: range.lowerBound, reason: "a tool call lost its counterpart") }
      ghosts += oldView.entries[gone].ghosts
      guard let text = oldView.entries[gone].forwarded?.bytes ?? old.bytes(of: gone).map(Array.init)
      else { return .rebase("history not kept") }
      bytes += text.count
      ghosts.append(ServerView.Piece(text))
    }
    guard bytes * 4 <= new.promptBytes else {
      return discard(from: range.lowerBound, reason: "too much was dropped to keep it")
    }
    pendingGhosts = ghosts
    causes.append(.inPlaceEdit)
    return nil
  }

  private func pairsWithin(_ range: Range<Int>) -> Bool {
    var open: Set<UInt64> = []
    for at in range {
      let block = old.index.blocks[at]
      if block.kind == .assistant, block.identity != 0 { open.insert(block.identity) }
      if block.kind == .toolResult, open.remove(block.identity) == nil { return false }
    }
    return open.isEmpty
  }

  /// Gives up the table from an old block on. If a note stands there that says what an earlier,
  /// held block now reads, the whole table has to go: otherwise that would be lost.
  private mutating func discard(from oldBlock: Int, reason: String) -> Result? {
    givenUp = givenUp ?? reason
    pendingGhosts = []
    let carriesNotes = oldView.entries[oldBlock...].contains { $0.carriesNotes }
    return carriesNotes ? .rebase(reason) : nil
  }

  // MARK: Notes

  private mutating func addNote(_ cause: Cause, _ place: BreakPlace, _ at: Int) -> Bool {
    guard let before = place.before, let after = place.after else { return false }
    let was = Text.all(before)
    let now = Text.all(after)
    if addsNothing(cause, was, now) { return true }
    let index = new.index.indexInGroup(at)
    let name =
      new.index.blocks[at].kind == .system
      ? "the system prompt" : "message \(index) (\(new.index.blocks[at].kind.word))"
    return amendment.add(name, before: was, after: now, cause: cause)
  }

  /// Whether the new text says nothing that the old one did not: then there is nothing to deliver.
  private func addsNothing(_ cause: Cause, _ was: String, _ now: String) -> Bool {
    switch cause {
    case .toolResultCleared, .reasoningDropped: return true
    case .reminder: return was.utf8.count >= now.utf8.count && !ReminderDetector.adds(was, now)
    case .billingNonce: return true
    default: return false
    }
  }

  /// Puts the notes at the end of the newest message that may carry one.
  private mutating func placeNotes() -> Result? {
    guard !amendment.isEmpty else { return nil }
    let news = new.index.indices(of: .messages)
    guard
      let at = news.last(where: {
        new.index.blocks[$0].kind == .user || new.index.blocks[$0].kind == .toolResult
      }), alignment.matches[at] == .new, let bytes = new.bytes(of: at),
      let noted = NoteSplice.append(
        amendment.text, to: bytes, kind: new.index.blocks[at].kind, dialect: new.index.dialect)
    else { return .rebase("no new message can carry the note") }
    entries[at].forwarded = ServerView.Piece(noted)
    entries[at].carriesNotes = true
    noteBytes = noted.count - bytes.count
    return nil
  }

  // MARK: Tools

  private enum ToolResult {
    case keep([ServerView.Tool]?)
    case stop(Result)
  }

  private mutating func pinTools() -> ToolResult {
    let olds = old.index.indices(of: .tools)
    let news = new.index.indices(of: .tools)
    let same =
      olds.count == news.count
      && zip(olds, news).allSatisfy {
        old.index.blocks[$0].digest == new.index.blocks[$1].digest
      }
    if same { return .keep(oldView.tools) }
    let before =
      oldView.tools
      ?? olds.map {
        ServerView.Tool(
          identity: old.index.blocks[$0].identity, agentDigest: old.index.blocks[$0].digest)
      }
    var byName: [UInt64: Int] = [:]
    for at in news {
      guard byName.updateValue(at, forKey: new.index.blocks[at].identity) == nil else {
        return .stop(.rebase("two tools have one name"))
      }
    }
    guard byName.count == before.count, before.allSatisfy({ byName[$0.identity] != nil }) else {
      return .stop(.rebase(byName.count > before.count ? "a tool was added" : "tools changed"))
    }
    var kept: [ServerView.Tool] = []
    for tool in before {
      guard let at = byName[tool.identity] else { return .stop(.rebase("tools changed")) }
      guard let entry = pinTool(tool, at) else {
        return .stop(.rebase("the definition of a tool changed"))
      }
      kept.append(entry)
    }
    if kept.map(\.identity) != news.map({ new.index.blocks[$0].identity }) {
      causes.append(.toolOrder)
    }
    return .keep(kept)
  }

  /// The server's bytes for a tool whose meaning is what it was; nil if it is not.
  private mutating func pinTool(_ tool: ServerView.Tool, _ at: Int) -> ServerView.Tool? {
    let block = new.index.blocks[at]
    var kept = tool
    kept.agentDigest = block.digest
    if tool.agentDigest == block.digest { return kept }
    let olds = old.index.indices(of: .tools)
    guard let before = olds.first(where: { old.index.blocks[$0].identity == tool.identity }),
      let was = old.bytes(of: before), let now = new.bytes(of: at),
      let left = JSONValue(was), let right = JSONValue(now)
    else { return nil }
    guard
      CanonicalForm.meaning.digest(left) == CanonicalForm.meaning.digest(right)
        || ToolCause.isSameWithoutOrder(left, right)
    else { return nil }
    if kept.forwarded == nil { kept.forwarded = ServerView.Piece(was) }
    causes.append(.schemaOrder)
    return kept
  }
}
