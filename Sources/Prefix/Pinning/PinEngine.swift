import Bytes
import Prompt

/// Decides what is forwarded so that the server's prefix survives. Pure: the same history, request,
/// table and policy give the same decision.
///
/// Every repair keeps the server's own bytes in a block's place; what is new in the block travels as
/// a note at the tail. Whatever cannot be repaired without losing or inventing something is accepted
/// as the agent sent it, as a whole: then the table is empty and the miss is declared.
public enum PinEngine {
  public static func decide(
    _ reception: Reception, _ view: ServerView?, _ policy: PinPolicy
  ) -> PinDecision {
    let new = reception.history
    let asSent = ServerView(asSent: new.index)
    guard policy.mode != .off else {
      let wasPinned = view.map { !$0.isAsSent } ?? false
      return decision(new, asSent, wasPinned ? .rebased("pinning was turned off") : .untouched)
    }
    guard let old = reception.previous, let alignment = reception.alignment else {
      return decision(new, asSent, .untouched)
    }
    switch reception.relation {
    case .first, .sideCall: return decision(new, asSent, .untouched)
    case .modelSwitch, .compaction, .compactionCall:
      return decision(new, asSent, .rebased("\(reception.relation)"))
    case .branch, .continuation, .mutation: break
    }
    let oldView = view ?? ServerView(asSent: old.index)
    guard !oldView.isLost else {
      return decision(new, asSent, .rebased("what was held was not kept over a restart"))
    }
    guard oldView.entries.count == old.index.blocks.count else {
      return decision(new, asSent, .rebased("the table does not fit the history"))
    }
    var repair = RepairPass(
      old: old, new: new, alignment: alignment, oldView: oldView, policy: policy,
      isBranch: reception.relation == .branch)
    switch repair.run() {
    case .rebase(let reason): return decision(new, asSent, .rebased(reason))
    case .refuse(let reason): return decision(new, asSent, .refused(reason))
    case .keep(let view):
      let outcome: PinDecision.Outcome =
        if let reason = repair.givenUp {
          .rebased(reason)
        } else {
          repair.causes.isEmpty ? .untouched : .held(repair.causes)
        }
      let made = decision(new, view, outcome, noteBytes: repair.noteBytes)
      return fits(made, policy)
        ? made : decision(new, asSent, .rebased("the window is nearly full"))
    }
  }

  private static func decision(
    _ history: History, _ view: ServerView, _ outcome: PinDecision.Outcome, noteBytes: Int = 0
  ) -> PinDecision {
    let isRewritten = !view.isAsSent
    let body =
      isRewritten
      ? BodyAssembly.body(history, view) : history.body.map { [ByteSlice($0)] } ?? []
    return PinDecision(
      body: body, outcome: outcome, isRewritten: isRewritten,
      forwardedBytes: body.reduce(0) { $0 + $1.count }, ghostBytes: view.ghostBytes,
      noteBytes: noteBytes, view: view)
  }

  /// Restoring keeps text that the agent thinks is gone, so its own idea of the window is too
  /// generous: a tenth is left free.
  private static func fits(_ decision: PinDecision, _ policy: PinPolicy) -> Bool {
    guard let window = policy.windowTokens, decision.isRewritten else { return true }
    return Double(decision.forwardedBytes) / policy.bytesPerToken < Double(window) * 0.9
  }
}
