import Bytes
import Prompt

/// One walk over a request that carries the translation table on and repairs what changed.
///
/// Where a change cannot be repaired, the walk stops and says from which old block on the agent's
/// own bytes have to be accepted; a second walk keeps what stands in front of it.
struct RepairPass {
  /// Why a walk cannot go on.
  enum Stop: Error {
    /// The whole table has to go.
    case rebase(String)
    /// Everything from this old block on has to be taken as the agent sends it.
    case accept(from: Int, String)
    /// The same, because the mode or a switch does not allow the repair.
    case refuse(from: Int, String)
  }

  let reception: Reception
  let old: History
  let new: History
  let alignment: Alignment
  let oldView: ServerView
  let policy: PinPolicy
  /// The old block from which on the agent's bytes are accepted; nil if none.
  let acceptedFrom: Int?

  private(set) var causes: [Cause] = []
  private(set) var repairs: RepairSet = []
  private(set) var noteBytes = 0
  private var entries: [ServerView.Entry]
  private var amendment = Amendment()
  /// Dropped blocks that go in front of the next one that is still there.
  private var pendingGhosts: [ServerView.Ghost] = []
  /// Whether a note says that dropped blocks in front of the next one are not valid any more.
  private var isDropNoted = false
  private lazy var following = Following(alignment)

  init(
    _ reception: Reception, old: History, alignment: Alignment, oldView: ServerView,
    policy: PinPolicy, acceptedFrom: Int? = nil
  ) {
    self.reception = reception
    self.old = old
    new = reception.history
    self.alignment = alignment
    self.oldView = oldView
    self.policy = policy
    self.acceptedFrom = acceptedFrom
    entries = Array(repeating: ServerView.Entry(), count: new.index.blocks.count)
  }

  private var isBranch: Bool { reception.relation == .branch }

  mutating func run() throws(Stop) -> ServerView {
    try refuseRedactions()
    let tools = acceptedFrom.map { $0 > 0 } ?? true ? try carriedTools() : nil
    for group in [BlockGroup.system, .messages] { try carry(group) }
    // Behind bytes that are accepted the server has nothing, its own answer included.
    if acceptedFrom == nil { echo() }
    try placeNotes()
    for at in entries.indices where !entries[at].isAsSent {
      entries[at].mark(like: new.bytes(of: at))
    }
    let mayTouchCalls =
      (!repairs.isEmpty || acceptedFrom != nil) && !Pairing.isUntouched(new, &entries)
    let view = ServerView(entries: entries, tools: tools)
    if mayTouchCalls, !Pairing(new, view).isAsComplete(as: Pairing(new)) {
      throw .rebase("a tool call would have lost its counterpart")
    }
    return view
  }

  // MARK: Redaction

  /// Redaction overrides everything else, wherever in the request it is: then nothing is held,
  /// because what was blanked may stand in any block, note or ghost.
  private func refuseRedactions() throws(Stop) {
    for at in new.index.indices(of: .system).lowerBound..<new.index.blocks.count {
      switch alignment.matches[at] {
      case .same, .neutral: continue
      case .changed(let before):
        guard let was = text(old, before), let now = text(new, at) else { continue }
        if RedactionDetector.isRedaction(was, now) { throw .rebase(PinDecision.redaction) }
      case .new:
        // Among old messages: perhaps an old one in a form that could not be aligned.
        guard hasOldBehind(at), let now = text(new, at), RedactionDetector.isRedaction("", now)
        else { continue }
        throw .rebase(PinDecision.redaction)
      }
    }
  }

  private func text(_ history: History, _ block: Int) -> String? {
    history.value(of: block).map(Text.all)
  }

  private func hasOldBehind(_ at: Int) -> Bool {
    alignment.matches[at...].contains { $0.old != nil }
  }

  // MARK: Tools

  private mutating func carriedTools() throws(Stop) -> [ServerView.Tool]? {
    let end = old.index.indices(of: .tools).upperBound
    var pass = ToolPass(
      old: old, new: new, alignment: alignment, oldView: oldView, policy: policy,
      isBranch: isBranch, mayGrow: acceptedFrom.map { $0 <= end } ?? false)
    let tools = try pass.run()
    causes = pass.causes
    repairs = pass.repairs
    for one in pass.news {
      guard
        amendment.add(
          "the description of tool \(one.name)", before: one.before, after: one.after,
          // A description of one line is replaced as a whole.
          tellsGone: one.before.utf8.contains(0x0A))
      else { throw .rebase("the description of a tool changed: too much for a note") }
    }
    return tools
  }

  // MARK: System blocks and messages

  private mutating func carry(_ group: BlockGroup) throws(Stop) {
    let olds = old.index.indices(of: group)
    let news = new.index.indices(of: group)
    // Behind this old block nothing is aligned any more: what follows is the agent's new tail.
    let lastAligned = news.last { alignment.matches[$0].isUnchanged }.flatMap {
      alignment.matches[$0].old
    }
    var next = olds.lowerBound
    for at in news {
      guard let before = alignment.matches[at].old else {
        // Every system block stands in front of the messages, wherever among its kind.
        if !isAccepted(next), group == .system || lastAligned.map({ next <= $0 }) ?? false {
          try inserted(at, before: next)
        }
        continue
      }
      if isAccepted(before) { return }
      // Most blocks are what they were, on both sides.
      if before == next, pendingGhosts.isEmpty, alignment.matches[at] == .same(old: before),
        oldView.entries[before].isPlain
      {
        next += 1
        continue
      }
      if before > next { try dropped(next..<before, lastAligned) }
      try matched(at, before, from: next, lastAligned)
      next = before + 1
    }
    if next < olds.upperBound, !alignment.isChained, !isAccepted(next) {
      // Old blocks at the end are gone: the conversation was cut, which is the agent's to decide.
      throw .accept(from: next, isBranch ? "branch" : "the end of the conversation was dropped")
    }
  }

  private func isAccepted(_ oldBlock: Int) -> Bool { acceptedFrom.map { oldBlock >= $0 } ?? false }

  /// - Parameter from: the first of the dropped blocks in front of it, or itself.
  private mutating func matched(
    _ at: Int, _ before: Int, from: Int, _ lastAligned: Int?
  ) throws(Stop) {
    let entry = oldView.entries[before]
    entries[at] = entry
    if alignment.matches[at] != .same(old: before) {
      entries[at].hasOwnCalls = false
      guard hasSameForm(at, before) else {
        throw .accept(from: from, "a string became a list, or a list a string")
      }
    }
    switch alignment.matches[at] {
    case .same, .new: break
    case .neutral:
      if policy.restoresNeutral, policy.repairs.contains(.neutral), entry.isAsSentItself {
        guard let was = old.bytes(of: before), let now = new.bytes(of: at) else {
          throw .accept(from: from, "history not kept")
        }
        entries[at].forwarded = NeutralRepair.piece(was: was, now: now)
      }
    case .changed: try changed(at, before, from: from, lastAligned)
    }
    entries[at].ghosts = pendingGhosts + entry.ghosts
    pendingGhosts = []
    entries[at].isNoted = entries[at].isNoted || isDropNoted
    isDropNoted = false
  }

  /// A bare string cannot stand in the list that has taken its place, nor an object where a string
  /// was (`system` and `input` may be either).
  private func hasSameForm(_ at: Int, _ before: Int) -> Bool {
    let was = oldView.entries[before].forwarded?.bytes.first ?? old.bytes(of: before)?.first
    guard let was, let now = new.bytes(of: at)?.first else { return true }
    return was == now
  }

  private mutating func changed(
    _ at: Int, _ before: Int, from: Int, _ lastAligned: Int?
  ) throws(Stop) {
    let entry = oldView.entries[before]
    // The agent is back at what the server has all along.
    if let now = new.bytes(of: at), let held = entry.forwarded, !entry.isNoted, !entry.carriesNotes,
      held.isSameUnmarked(as: now)
    {
      entries[at].forwarded = nil
      entries[at].leansOnGhost = false
      return
    }
    let place = BreakPlace(
      boundary: Boundary(neutral: at, alignment, old: old, new: new), alignment: alignment,
      old: old, new: new)
    let verdict = TextCause.verdict(place)
    let title = verdict.cause.title
    if verdict.cause == .redaction { throw .rebase(PinDecision.redaction) }
    guard !isBranch, verdict.tier != .never, let repair = BlockRepairs.of(verdict.cause) else {
      throw .accept(from: from, isBranch ? "branch" : title)
    }
    if repair.repairClass == .billing, !policy.freezesBillingLine {
      throw .accept(from: from, "the billing line belongs to the vendor's API")
    }
    if let reason = policy.refusal(repair.repairClass) {
      throw .refuse(from: from, "\(title): \(reason)")
    }
    if repair.repairClass.tier != .lossless, new.index.blocks[at].kind != .system,
      !(lastAligned.map { $0 > before } ?? false)
    {
      throw .accept(from: from, title)
    }
    // What an edit made of thinking that is signed cannot be told from what it left alone.
    if repair.repairClass.tier != .lossless,
      [new.bytes(of: at), old.bytes(of: before)].contains(where: {
        $0.map(SealedThinking.isIn) ?? false
      })
    {
      throw .accept(from: from, "\(title): thinking that is signed is never touched")
    }
    guard entry.forwarded != nil || entry.isOmitted || old.bytes(of: before) != nil else {
      throw .accept(from: from, "history not kept")
    }
    // Words that the model never said here may be another conversation's, whatever else is shared.
    if verdict.cause == .inPlaceEdit, new.index.blocks[at].kind == .assistant,
      !following.isMostlyThere(behind: at, of: old.index.blocks.count - before - 1)
    {
      throw .accept(from: from, "\(title): what follows it is another, too")
    }
    let change = BlockChange(verdict, place, new.index.blocks[at])
    switch repair.action(change) {
    case .accept(let reason): throw .accept(from: from, "\(title): \(reason)")
    case .keep: break
    case .keepAndTell where isInGhost(change.now, at, behind: before):
      entries[at].leansOnGhost = true
    case .keepAndTell:
      entries[at].leansOnGhost = false
      guard
        amendment.add(
          name(at), before: change.was, after: change.now, tellsGone: repair.tellsGone)
      else {
        throw .accept(from: from, "\(title): too much for a note")
      }
      entries[at].isNoted = true
    }
    if entry.forwarded == nil, !entry.isOmitted {
      entries[at].forwarded = old.bytes(of: before).map { ServerView.Piece($0) }
    }
    note(verdict.cause, repair.repairClass)
  }

  private mutating func note(_ cause: Cause, _ one: RepairClass) {
    if !causes.contains(cause) { causes.append(cause) }
    repairs.insert(RepairSet(one))
  }

  /// How a reader would call the block.
  private func name(_ at: Int) -> String {
    let block = new.index.blocks[at]
    return block.kind == .system
      ? "the system prompt" : "message \(new.index.indexInGroup(at)) (\(block.kind.word))"
  }

  /// A block that stands in front of aligned ones and has no counterpart.
  private mutating func inserted(_ at: Int, before next: Int) throws(Stop) {
    let reason = "a message was inserted in front of history"
    if isBranch { throw .accept(from: next, "branch") }
    if let refusal = policy.refusal(InsertedMessageRepair.repairClass) {
      throw .refuse(from: next, "\(reason): \(refusal)")
    }
    // A bare string is the whole value of its member: it cannot be left out.
    guard let bytes = new.bytes(of: at), bytes.first != UInt8(ascii: "\""),
      let text = InsertedMessageRepair.text(new.index.blocks[at], bytes)
    else { throw .accept(from: next, reason) }
    entries[at].isOmitted = true
    if isInGhost(text, at, behind: next - 1) {
      entries[at].leansOnGhost = true
    } else {
      guard text.utf8.count <= InsertedMessageRepair.longest,
        amendment.insert(new.index.blocks[at].kind.word, at: new.index.indexInGroup(at), text)
      else { throw .accept(from: next, reason) }
      entries[at].isNoted = true
    }
    note(.inPlaceEdit, InsertedMessageRepair.repairClass)
  }

  /// Whether `text` stands in a block that is missing between `oldBlock` and the next one that is
  /// aligned, and will stay there.
  private func isInGhost(_ text: String, _ at: Int, behind oldBlock: Int) -> Bool {
    let end = new.index.indices(of: new.index.blocks[at].group).upperBound
    // A dropped instruction is withdrawn, and nothing can lean on it.
    guard new.index.blocks[at].kind != .system,
      let next = alignment.matches[(at + 1)..<end].lazy.compactMap(\.old).first,
      next > oldBlock + 1, !isAccepted(next)
    else { return false }
    return MovedTextRepair.isIn(
      (oldBlock + 1)..<next, text, from: new.index.blocks[at].kind, old, oldView)
  }

  /// Old blocks that are missing in front of an aligned one.
  private mutating func dropped(_ range: Range<Int>, _ lastAligned: Int?) throws(Stop) {
    let reason = "messages were dropped"
    if isBranch { throw .accept(from: range.lowerBound, "branch") }
    guard let lastAligned, range.upperBound <= lastAligned else {
      throw .accept(from: range.lowerBound, reason)
    }
    guard let withdrawals = DroppedMessagesRepair.withdrawals(range, old, new, oldView) else {
      throw .accept(from: range.lowerBound, "history not kept")
    }
    // What the server never had in its place is not missing there.
    if withdrawals.isEmpty,
      range.allSatisfy({ oldView.entries[$0].isOmitted && oldView.entries[$0].ghosts.isEmpty })
    {
      return
    }
    if let refusal = policy.refusal(DroppedMessagesRepair.repairClass) {
      throw .refuse(from: range.lowerBound, "\(reason): \(refusal)")
    }
    var refusal = ""
    guard
      let ghosts = DroppedMessagesRepair.ghosts(
        range, old, oldView, room: new.promptBytes, refusal: &refusal)
    else { throw .accept(from: range.lowerBound, refusal) }
    for gone in withdrawals where !amendment.withdraw(gone.kind.word, gone.runs) {
      throw .accept(from: range.lowerBound, "\(reason): too much for a note")
    }
    isDropNoted =
      !withdrawals.isEmpty || range.contains { oldView.entries[$0].isNoted }
    pendingGhosts = ghosts
    note(
      range.allSatisfy { old.index.blocks[$0].kind == .reasoning }
        ? .reasoningDropped : .inPlaceEdit, DroppedMessagesRepair.repairClass)
  }

  // MARK: The tail

  /// Puts what the model wrote in place of the agent's echo of it.
  private mutating func echo() {
    guard policy.pinsEcho, let generated = reception.session.generated,
      let echo = Echo.find(reception)
    else { return }
    for repaired in EchoRepair.pieces(echo, generated, new, policy) {
      guard entries[repaired.block].isAsSent else { continue }
      entries[repaired.block].forwarded = repaired.piece
      note(repaired.cause, repaired.repairClass)
    }
  }

  /// Puts the notes at the end of the newest message that may carry one.
  private mutating func placeNotes() throws(Stop) {
    guard !amendment.isEmpty else { return }
    let at = new.index.indices(of: .messages).last {
      new.index.blocks[$0].kind == .user || new.index.blocks[$0].kind == .toolResult
    }
    guard let at, alignment.matches[at] == .new, !entries[at].isOmitted,
      let bytes = new.bytes(of: at),
      let noted = NoteSplice.append(
        amendment.text, to: bytes, kind: new.index.blocks[at].kind, dialect: new.index.dialect)
    else { throw .rebase("no new message can carry the note") }
    entries[at].forwarded = ServerView.Piece(noted)
    entries[at].carriesNotes = true
    noteBytes = noted.count - bytes.count
  }
}

extension ServerView.Entry {
  /// As it is in a table without anything.
  fileprivate var isPlain: Bool { isAsSent && !isNoted && !carriesNotes }

  /// The block was forwarded in the agent's bytes, whatever stands in front of it.
  fileprivate var isAsSentItself: Bool { forwarded == nil && !isOmitted }
}
