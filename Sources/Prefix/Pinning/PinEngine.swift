import Bytes
import Prompt

/// Decides what is forwarded so that the server's prefix survives. Pure: the same history, request,
/// table, recorded answer and policy give the same decision.
///
/// Every repair keeps the server's own bytes in a block's place; what is new in the block travels as
/// a note at the tail. Where that is not possible without losing or inventing something, the agent's
/// bytes are accepted from there on, and the miss is declared.
public enum PinEngine {
  public static func decide(
    _ reception: Reception, _ view: ServerView?, _ policy: PinPolicy
  ) -> PinDecision {
    let new = reception.history
    let oldView = reception.previous.map { view ?? ServerView(asSent: $0.index) }
    func accepted(_ outcome: PinDecision.Outcome) -> PinDecision {
      decision(reception, oldView, ServerView(asSent: new.index), outcome)
    }
    guard policy.mode != .off else {
      let wasPinned = view.map { !$0.isAsSent } ?? false
      return accepted(wasPinned ? .rebased("pinning was turned off") : .untouched)
    }
    guard let old = reception.previous, let alignment = reception.alignment, let oldView else {
      return accepted(.untouched)
    }
    switch reception.relation {
    case .first, .sideCall: return accepted(.untouched)
    case .modelSwitch, .compaction, .compactionCall:
      return accepted(.rebased("\(reception.relation)"))
    case .branch, .continuation, .mutation: break
    }
    guard !oldView.isLost else {
      return accepted(.rebased("what was held was not kept over a restart"))
    }
    guard oldView.entries.count == old.index.blocks.count else {
      return accepted(.rebased("the table does not fit the history"))
    }
    var pass = RepairPass(
      reception, old: old, alignment: alignment, oldView: oldView, policy: policy)
    let stop: PinDecision.Outcome
    let from: Int
    do {
      let view = try pass.run()
      return fitting(
        decision(
          reception, oldView, view, pass.repairs.isEmpty ? .untouched : .held(pass.causes), pass),
        accepted, policy)
    } catch {
      switch error {
      case .rebase(let reason): return accepted(.rebased(reason))
      case .accept(let block, let reason): (from, stop) = (block, .rebased(reason))
      case .refuse(let block, let reason): (from, stop) = (block, .refused(reason))
      }
    }
    // What stands in front of the change is kept as it is.
    pass = RepairPass(
      reception, old: old, alignment: alignment, oldView: oldView, policy: policy,
      acceptedFrom: oldView.givingUp(from: from))
    guard let view = try? pass.run() else { return accepted(stop) }
    return fitting(decision(reception, oldView, view, stop, pass), accepted, policy)
  }

  private static func decision(
    _ reception: Reception, _ oldView: ServerView?, _ view: ServerView,
    _ outcome: PinDecision.Outcome, _ pass: RepairPass? = nil
  ) -> PinDecision {
    let history = reception.history
    let isRewritten = !view.isAsSent
    let own = history.body.map { [ByteSlice($0)] } ?? []
    guard let body = isRewritten ? BodyAssembly.body(history, view) : own,
      !isRewritten || !MarkerSplice.isTooMuch(body, received: own, history.index.dialect)
    else {
      return decision(
        reception, oldView, ServerView(asSent: history.index),
        .rebased("what is held does not fit into the request"))
    }
    var kept: ServerPrefix?
    if let old = reception.previous, let oldView, let alignment = reception.alignment,
      oldView.entries.count == old.index.blocks.count
    {
      kept = ServerPrefix(
        old: old, oldView: oldView, new: history, newView: view, alignment, order: reception.order)
    }
    return PinDecision(
      body: body, outcome: outcome, repairs: pass?.repairs ?? [], isRewritten: isRewritten,
      forwardedBytes: body.reduce(0) { $0 + $1.count }, ghostBytes: view.ghostBytes,
      noteBytes: pass?.noteBytes ?? 0, kept: kept,
      promptBytes: view.promptBytes(history), view: view)
  }

  /// Restoring keeps text that the agent thinks is gone, so its own idea of the window is too
  /// generous: a tenth is left free.
  private static func fitting(
    _ decision: PinDecision, _ accepted: (PinDecision.Outcome) -> PinDecision, _ policy: PinPolicy
  ) -> PinDecision {
    // Where nobody tells the window, what the agent dropped may not outgrow what it sends.
    if policy.windowTokens == nil, decision.ghostBytes > decision.forwardedBytes / 2 {
      return accepted(.rebased("more is held that the agent dropped than it sends"))
    }
    guard let window = policy.windowTokens, decision.isRewritten,
      Double(decision.forwardedBytes) / policy.bytesPerToken >= Double(window) * 0.9
    else { return decision }
    return accepted(.rebased("the window is nearly full"))
  }
}
