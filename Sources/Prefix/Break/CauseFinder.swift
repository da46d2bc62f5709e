import Bytes
import Prompt

/// Names the cause of a break. Pure; runs behind the forwarding of a request unless
/// pinning has to know.
///
/// The order of the tests is the order of trust: what is known from the relation of the requests,
/// what only looks different, what must never be undone, what has a narrow known shape, and at last
/// what is known by its extent only.
public enum CauseFinder {
  public static func verdict(_ reception: Reception) -> Verdict {
    let new = reception.history
    guard let old = reception.previous, let alignment = reception.alignment else {
      return firstTurn(reception)
    }
    guard let boundary = reception.boundary else {
      return reception.relation == .modelSwitch
        ? Verdict(cause: .modelSwitch) : unbroken(alignment, old, new)
    }
    let place = BreakPlace(boundary: boundary, alignment: alignment, old: old, new: new)
    switch reception.relation {
    case .branch: return place.verdict(.branch)
    case .modelSwitch: return place.verdict(.modelSwitch)
    case .compaction: return place.verdict(.compaction)
    case .compactionCall: return place.verdict(.compactionCall)
    case .first, .sideCall: return .clean
    case .continuation, .mutation: break
    }
    switch boundary.group {
    case .knobs: return KnobCause.verdict(place)
    case .tools: return ToolCause.verdict(place)
    case .system, .messages: return TextCause.verdict(place)
    }
  }

  private static func firstTurn(_ reception: Reception) -> Verdict {
    guard reception.relation == .first,
      reception.history.index.blocks(of: .messages).contains(where: { $0.kind == .assistant })
    else { return .clean }
    return Verdict(
      cause: .historyEvicted,
      detail: "the conversation was under way before its first turn was seen here")
  }

  private static func unbroken(_ alignment: Alignment, _ old: History, _ new: History) -> Verdict {
    let first = alignment.matches.firstIndex {
      if case .neutral = $0 { return true }
      return false
    }
    guard let first else { return .clean }
    let place = BreakPlace(
      boundary: Boundary(neutral: first, alignment, old: old, new: new), alignment: alignment,
      old: old, new: new)
    return place.verdict(.neutralRerender, .lossless)
  }
}
