import Bytes
import Prefix
import Prompt
import Turns
import Upstream

/// One break: where, why, what it cost, what was done, and the bytes before and after.
enum BreakView {
  static func draw(_ state: DashboardState, _ frame: inout Frame) {
    guard let record = state.breakRecord else {
      let body = state.layout.body
      let hasBreaks = !state.breaksAtHand.isEmpty
      frame.put(
        hasBreaks ? "e and E go through the breaks of this session" : "no break in this session",
        row: body.row + 1, column: 3)
      return
    }
    drawFacts(state, record, &frame)
    DiffView.draw(state, record, &frame)
  }

  // MARK: Facts

  private static func drawFacts(
    _ state: DashboardState, _ record: TurnRecord, _ frame: inout Frame
  ) {
    let area = state.layout.facts
    var row = area.row
    let width = frame.size.columns
    if state.size.rows >= 30 {
      Rules.draw(&frame, row: row, title: "what changed", glyphs: state.glyphs)
      row += 1
    }
    for (label, text, role) in facts(record, state) {
      let lines = wrapped(text, columns: width - 11)
      // The last fact may take two lines, all others one.
      let room = label == "advice" ? min(2, area.endRow - row) : min(1, area.endRow - row)
      guard room > 0 else { return }
      frame.put(label, row: row, column: 1, role: .key)
      if lines.count > room {
        for (offset, line) in lines.prefix(room - 1).enumerated() {
          frame.put(line, row: row + offset, column: 10, role: role)
        }
        let rest = lines.dropFirst(room - 1).joined(separator: " ")
        frame.put(rest, row: row + room - 1, column: 10, in: width - 11, role: role)
        row += room
      } else {
        for (offset, line) in lines.enumerated() {
          frame.put(line, row: row + offset, column: 10, role: role)
        }
        row += lines.count
      }
    }
  }

  static func facts(_ record: TurnRecord, _ state: DashboardState) -> [(String, String, Role)] {
    var facts: [(String, String, Role)] = []
    let mark = TurnMark(record)
    if let position = record.verdict.position {
      var place = "\(record.breakPlace == "-" ? position.shortPath : record.breakPlace)"
      place += ", byte \(Humanised.grouped(position.bodyOffset))"
      if record.receivedBytes > 0 { place += " of \(Humanised.grouped(record.receivedBytes))" }
      if let detail = record.detail, detail.afterBlockBytes > 0 {
        place +=
          ", block byte \(Humanised.grouped(position.blockOffset)) of "
          + Humanised.grouped(detail.afterBlockBytes)
      }
      if !position.path.isEmpty { place += ", \(position.path)" }
      facts.append(("where", place, .normal))
    } else {
      facts.append(("where", "nothing in the request changed", .normal))
    }
    let cause = record.verdict.cause == .none ? record.serverCause ?? .none : record.verdict.cause
    let why = record.verdict.detail.isEmpty ? cause.explanation : record.verdict.detail
    facts.append(("cause", "\(cause.title): \(why)", mark.role == .unknown ? .normal : mark.role))
    facts.append(("cost", cost(record, state), .normal))
    facts.append(("action", action(record), mark == .held ? .held : .normal))
    facts.append(("server", server(record), .normal))
    if let advice = cause.advice { facts.append(("advice", advice, .normal)) }
    return facts
  }

  private static func cost(_ record: TurnRecord, _ state: DashboardState) -> String {
    var text = "\(Humanised.tokens(record.reprocessedTokens)) tokens behind it"
    let totals =
      state.traffic.byUpstream.first { $0.name == record.upstream }?.totals ?? state.traffic.totals
    if let millis = totals.prefillMillis(of: record.reprocessedTokens.value) {
      text += ", \(Humanised.work(millis: millis)) of prefill at the speed of this server"
    }
    return text
  }

  private static func action(_ record: TurnRecord) -> String {
    let again = Humanised.tokens(record.reprocessedForwardedTokens)
    switch record.pin {
    case .held: return "held: the server got its own bytes; \(again) tokens as forwarded"
    case .refused(let reason): return "forwarded as sent: \(reason)"
    case .rebased(let reason):
      return "accepted as the new history" + (reason.isEmpty ? "" : ": \(reason)")
    case .untouched:
      if record.mode == .off { return "none: pinning is off, the request went on as sent" }
      return "none: the request went on as sent"
    }
  }

  private static func server(_ record: TurnRecord) -> String {
    guard let verdict = TurnSentence.prediction(record) else {
      return record.state.isInFlight
        ? "not answered yet" : "did not report how much it reused: nothing can be said"
    }
    let prompt = Humanised.grouped(record.usage.promptTokens ?? 0)
    return "reused \(verdict.reported) of \(prompt) prompt tokens, predicted \(verdict.predicted): "
      + (verdict.holds ? "as predicted" : "not as predicted")
  }

  /// Breaks a text at blanks into lines of at most `columns`.
  static func wrapped(_ text: String, columns: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    var used = 0
    for word in text.split(separator: " ") {
      let columnsOfWord = TextWidth.columns(of: String(word))
      if used > 0, used + 1 + columnsOfWord > columns {
        lines.append(line)
        line = ""
        used = 0
      }
      if used > 0 {
        line += " "
        used += 1
      }
      line += word
      used += columnsOfWord
    }
    if used > 0 || lines.isEmpty { lines.append(line) }
    return lines
  }
}
