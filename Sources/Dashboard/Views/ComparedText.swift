import Bytes
import Prefix
import Turns

/// What the agent changed in its prompt from one turn to a later one: the sum of the breaks on the
/// way, as far as their text is known.
enum ComparedText {
  struct Line: Equatable {
    var text: String
    var role = Role.normal
  }

  /// Differences shown of one break.
  private static let differences = 3

  /// Turns behind `older`, up to `newer`, in which the agent changed what it had sent before.
  static func changes(_ older: TurnRecord, _ newer: TurnRecord, _ list: TurnList) -> [TurnRecord] {
    (list.index(atOrAfterTurn: older.turn + 1)..<list.count).lazy.map { list[$0] }
      .filter { $0.turn <= newer.turn && $0.verdict.cause.changesHistory }
  }

  static func lines(_ state: DashboardState, _ a: TurnRecord, _ b: TurnRecord) -> [Line] {
    guard let list = state.turnList else { return [] }
    let (older, newer) = a.turn < b.turn ? (a, b) : (b, a)
    let changes = changes(older, newer, list)
    var lines: [Line] = []
    let missing = (list.oldest?.turn ?? newer.turn) - older.turn - 1
    if missing > 0 {
      lines.append(
        Line(
          text: "what changed up to turn \(older.turn + missing) is not known here",
          role: .unknown))
    }
    if changes.isEmpty, missing <= 0 {
      let new = newer.incomingMessages - older.incomingMessages
      lines.append(
        Line(
          text: "nothing that turn \(older.turn) sent was changed"
            + (new > 0 ? "; turn \(newer.turn) has \(Humanised.plural(new, "message")) more" : "")))
    }
    for change in changes { add(change, state, &lines) }
    return lines
  }

  private static func add(_ change: TurnRecord, _ state: DashboardState, _ lines: inout [Line]) {
    let place = change.breakPlace == "-" ? "" : " at \(change.breakPlace)"
    lines.append(Line(text: "turn \(change.turn): \(change.causeTitle)\(place)", role: .key))
    func put(_ sign: String, _ text: String, _ role: Role) {
      lines.append(Line(text: "\(sign) \(text)", role: role))
    }
    let hunks = change.detail?.hunks ?? []
    for hunk in hunks.prefix(differences) {
      let shown = Hunk(hunk, context: 2, ascii: state.options.ascii)
      let width = max(2, state.size.columns - 6)
      put("-", shown.before.lines(width: width, most: 1).joined(), .before)
      put("+", shown.after.lines(width: width, most: 1).joined(), .after)
    }
    let rest = max(change.detail?.hunkCount ?? 0, hunks.count) - differences
    if rest > 0 {
      put(" ", "and \(Humanised.plural(rest, "more difference"))", .unknown)
    }
    guard hunks.isEmpty else { return }
    let (was, now) = (change.verdict.was, change.verdict.now)
    if !was.isEmpty { put("-", was, .before) }
    if !now.isEmpty { put("+", now, .after) }
    if was.isEmpty && now.isEmpty { put(" ", unknown(change, state), .unknown) }
  }

  private static func unknown(_ change: TurnRecord, _ state: DashboardState) -> String {
    if change.verdict.cause == .redaction { return "taken out on purpose: not shown" }
    return state.opened != nil || state.history != nil
      ? "its text is not known: the ledger keeps no text of prompts" : "its text is not known"
  }
}

extension Cause {
  /// Whether what was sent before is not what was sent now.
  fileprivate var changesHistory: Bool { isMutation || self == .branch }
}
