import Bytes
import Prompt

/// Carries the table on over the tools of a request. They stand in front of everything else: one that
/// is gone, or is another one under its old name, changes the prompt at its very beginning, and
/// nothing behind it is worth holding. One that is new costs all behind the tools, but not the tools.
struct ToolPass {
  let old: History
  let new: History
  let alignment: Alignment
  let oldView: ServerView
  let policy: PinPolicy
  /// The conversation was rewound: its changes are the agent's to make.
  let isBranch: Bool
  /// Whether everything behind the tools is the agent's own anyway: tools may be added, and nothing
  /// is worth a note.
  let mayGrow: Bool

  /// What a note has to say of a tool.
  struct News {
    var name: String
    var before: String
    var after: String
  }

  /// Of more tools than this it is not asked what changed in them: each takes some 50 us, during which
  /// nothing else is forwarded, and agents have some dozens.
  private static let mostChanged = 500

  private var oldPlaces: [UInt64: Int] = [:]
  private var changed = 0
  private(set) var causes: [Cause] = []
  private(set) var repairs: RepairSet = []
  private(set) var news: [News] = []

  init(
    old: History, new: History, alignment: Alignment, oldView: ServerView, policy: PinPolicy,
    isBranch: Bool, mayGrow: Bool
  ) {
    self.old = old
    self.new = new
    self.alignment = alignment
    self.oldView = oldView
    self.policy = policy
    self.isBranch = isBranch
    self.mayGrow = mayGrow
  }

  /// The tools in the server's order; nil if they are as the agent sends them.
  mutating func run() throws(RepairPass.Stop) -> [ServerView.Tool]? {
    let olds = old.index.indices(of: .tools)
    let news = new.index.indices(of: .tools)
    let isSame =
      olds.count == news.count
      && zip(olds, news).allSatisfy {
        old.index.blocks[$0].digest == new.index.blocks[$1].digest
      }
    if isSame { return oldView.tools }
    let before =
      oldView.tools
      ?? olds.map {
        ServerView.Tool(
          identity: old.index.blocks[$0].identity, agentDigest: old.index.blocks[$0].digest)
      }
    let blocks = new.index.blocks(of: .tools)
    guard !before.isEmpty, ToolOrderRepair.namesAll(before, blocks) else {
      throw .rebase("tools changed")
    }
    let isGrown = blocks.count > before.count
    if isGrown, !mayGrow { throw .accept(from: olds.upperBound, "a tool was added") }
    let places = Self.places(new, news)
    oldPlaces = Self.places(old, olds)
    var kept: [ServerView.Tool] = []
    for tool in before {
      guard let at = places[tool.identity] else {
        throw .rebase("tools changed")
      }
      kept.append(try self.tool(tool, at))
    }
    if isGrown {
      let known = Set(before.map(\.identity))
      for block in blocks where !known.contains(block.identity) {
        kept.append(ServerView.Tool(identity: block.identity, agentDigest: block.digest))
      }
    }
    let order = news.map { new.index.blocks[$0].identity }
    let isMoved = kept.map(\.identity) != order
    if isMoved, oldView.tools != nil || olds.map(identity) != order {
      try note(.toolOrder, ToolOrderRepair.repairClass)
    }
    mark(&kept, places)
    return isMoved || kept.contains { $0.forwarded != nil } ? kept : nil
  }

  /// Where each identity stands first.
  private static func places(_ history: History, _ indices: some Sequence<Int>) -> [UInt64: Int] {
    Dictionary(
      indices.map { (history.index.blocks[$0].identity, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  private func identity(_ old: Int) -> UInt64 { self.old.index.blocks[old].identity }

  private mutating func note(_ cause: Cause, _ one: RepairClass) throws(RepairPass.Stop) {
    if let reason = policy.refusal(one) { throw .refuse(from: 0, "\(cause.title): \(reason)") }
    if !causes.contains(cause) { causes.append(cause) }
    repairs.insert(RepairSet(one))
  }

  /// Puts the agent's cache markers in the places of the list where the agent has them: a marker says
  /// how far to cache, not which tool.
  private func mark(_ tools: inout [ServerView.Tool], _ places: [UInt64: Int]) {
    for (tool, at) in zip(tools.indices, new.index.indices(of: .tools)) {
      guard let agent = new.bytes(of: at) else { continue }
      if let held = tools[tool].forwarded {
        if let piece = held.marked(like: agent) { tools[tool].forwarded = piece }
      } else if let own = places[tools[tool].identity], own != at {
        tools[tool].forwarded = new.bytes(of: own).flatMap { MarkerSplice.marked($0, like: agent) }
          .map { ServerView.Piece($0) }
      }
    }
  }

  /// The server's bytes for a tool whose meaning is what it was.
  private mutating func tool(
    _ tool: ServerView.Tool, _ at: Int
  ) throws(RepairPass.Stop) -> ServerView.Tool {
    var kept = tool
    kept.agentDigest = new.index.blocks[at].digest
    if tool.agentDigest == kept.agentDigest { return kept }
    changed += 1
    if changed > Self.mostChanged {
      throw .rebase("more than \(Self.mostChanged) tools changed")
    }
    guard let before = oldPlaces[tool.identity], let was = old.bytes(of: before),
      let now = new.bytes(of: at)
    else {
      throw .rebase("history not kept")
    }
    if MarkerSplice.isSameUnmarked(was, now) { return kept }
    if case .neutral = alignment.matches[at],
      !policy.restoresNeutral || NeutralRepair.piece(was: was, now: now) == nil
    {
      return kept
    }
    if ToolSchemaRepair.isSameMeaning(was, now) {
      try note(.schemaOrder, ToolSchemaRepair.repairClass)
    } else if !isBranch, !mayGrow, let change = ToolDescriptionRepair.change(was, now) {
      try note(.toolDescription, ToolDescriptionRepair.repairClass)
      news.append(News(name: name(now), before: change.was, after: change.now))
      kept.isNoted = true
    } else {
      throw .rebase("the definition of a tool changed")
    }
    if kept.forwarded == nil { kept.forwarded = ServerView.Piece(was) }
    return kept
  }

  private func name(_ tool: UnsafeRawBufferPointer) -> String {
    let value = JSONValue(tool)
    return (value?["name"] ?? value?["function"]?["name"])?.string ?? ""
  }
}
