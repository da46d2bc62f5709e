import Bytes
import Prompt

/// Carries the table on over the tools of a request. Tools are all or nothing: a tool that is new,
/// gone or different changes the prompt in front of everything else, and nothing behind it is worth
/// holding.
struct ToolPass {
  let old: History
  let new: History
  let alignment: Alignment
  let oldView: ServerView
  let policy: PinPolicy

  private(set) var causes: [Cause] = []
  private(set) var repairs: RepairSet = []

  init(
    old: History, new: History, alignment: Alignment, oldView: ServerView, policy: PinPolicy
  ) {
    self.old = old
    self.new = new
    self.alignment = alignment
    self.oldView = oldView
    self.policy = policy
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
    guard ToolOrderRepair.isSameSet(before, blocks) else {
      throw .rebase(blocks.count > before.count ? "a tool was added" : "tools changed")
    }
    var kept: [ServerView.Tool] = []
    for tool in before {
      guard let at = news.first(where: { new.index.blocks[$0].identity == tool.identity }) else {
        throw .rebase("tools changed")
      }
      kept.append(try self.tool(tool, at))
    }
    let order = news.map { new.index.blocks[$0].identity }
    if kept.map(\.identity) != order, oldView.tools != nil || olds.map(identity) != order {
      try note(.toolOrder, ToolOrderRepair.repairClass)
    }
    return kept.contains { $0.forwarded != nil } || kept.map(\.identity) != order ? kept : nil
  }

  private func identity(_ old: Int) -> UInt64 { self.old.index.blocks[old].identity }

  private mutating func note(_ cause: Cause, _ one: RepairClass) throws(RepairPass.Stop) {
    if let reason = policy.refusal(one) { throw .refuse(from: 0, "\(cause.title): \(reason)") }
    if !causes.contains(cause) { causes.append(cause) }
    repairs.insert(RepairSet(one))
  }

  /// The server's bytes for a tool whose meaning is what it was.
  private mutating func tool(
    _ tool: ServerView.Tool, _ at: Int
  ) throws(RepairPass.Stop) -> ServerView.Tool {
    var kept = tool
    kept.agentDigest = new.index.blocks[at].digest
    if tool.agentDigest == kept.agentDigest { return kept }
    let before = old.index.indices(of: .tools).first { identity($0) == tool.identity }
    guard let before, let was = old.bytes(of: before), let now = new.bytes(of: at) else {
      throw .rebase("history not kept")
    }
    if case .neutral = alignment.matches[at],
      !policy.restoresNeutral || NeutralRepair.piece(was: was, now: now) == nil
    {
      return kept
    }
    guard ToolSchemaRepair.isSameMeaning(was, now) else {
      throw .rebase("the definition of a tool changed")
    }
    try note(.schemaOrder, ToolSchemaRepair.repairClass)
    if kept.forwarded == nil { kept.forwarded = ServerView.Piece(was) }
    return kept
  }
}
