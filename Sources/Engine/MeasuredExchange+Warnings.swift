import Bytes
import Prefix
import Turns
import Upstream

/// What is worth a word beyond the verdict: a prefix that does not stay, and reuse that falls.
extension MeasuredExchange {
  /// A prefix that changes on every turn is told of once; again when it had come to rest.
  private static let restingTurns = 5

  /// Marks a sharp loss of reuse, and gives notice of it and of a prefix that changed undeclared.
  func judgeReuse(_ record: inout TurnRecord, _ reception: Reception) {
    guard !record.isSideCall else { return }
    switch reception.relation {
    case .continuation, .mutation: break
    case .first, .compaction, .compactionCall, .branch, .modelSwitch, .sideCall: return
    }
    record.hitDrop = HitDrop.tokens(from: before?.cachedTokens, to: record.usage.cachedTokens)
    let session = reception.session
    if record.zones?.changes.contains(.prefix) ?? false, !Self.isDeclared(record.pin) {
      let last = session.prefixChangedOn
      session.prefixChangedOn = record.turn
      if last.map({ record.turn - $0 >= Self.restingTurns }) ?? true {
        return engine.notice(Self.drift(record))
      }
    }
    if let drop = record.hitDrop, let reused = record.usage.cachedTokens {
      engine.notice(Self.drop(record, by: drop, to: reused))
    }
  }

  private static func isDeclared(_ pin: PinOutcome) -> Bool {
    switch pin {
    case .held, .rebased: true
    case .untouched, .refused: false
    }
  }

  private static func drift(_ record: TurnRecord) -> String {
    let place = record.verdict.position.map { " at \($0.path)" } ?? ""
    let lost = record.reprocessedForwardedTokens
    return
      "session \(record.session): tools or system prompt changed on turn \(record.turn)\(place) "
      + "(\(record.verdict.cause.title)); \(lost.estimated ? "~" : "")\(Humanised.count(lost.value)) "
      + "tokens have to be computed again"
  }

  private static func drop(_ record: TurnRecord, by drop: Int, to reused: Int) -> String {
    let cause = record.serverCause ?? record.verdict.cause
    let why = cause == .none ? "" : " (\(cause.title))"
    return "session \(record.session): on turn \(record.turn) the server reused "
      + "\(Humanised.count(reused)) tokens, \(Humanised.count(drop)) fewer than on the turn before"
      + why
  }
}
