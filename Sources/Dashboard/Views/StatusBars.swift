import Bytes
import Prefix
import Turns
import Upstream

/// Title, status line, message and hints: what all screens share.
enum StatusBars {
  static func draw(_ state: DashboardState, _ frame: inout Frame, now: Int64) {
    let layout = state.layout
    drawTitle(state, &frame, layout, now)
    if !layout.status.isEmpty { drawStatus(state, &frame, layout, now) }
    drawMessage(state, &frame, layout, now)
    if !layout.rule.isEmpty {
      Rules.draw(&frame, row: layout.rule.row, glyphs: state.glyphs)
    }
    drawHints(state, &frame, layout)
  }

  // MARK: Title

  private static func drawTitle(
    _ state: DashboardState, _ frame: inout Frame, _ layout: Layout, _ now: Int64
  ) {
    let width = layout.size.columns
    frame.fill(" ", row: 0, columns: 0..<width, role: .title)
    let tabs = self.tabs(state.screen, layout.tier)
    let tabsAt = max(0, width - TextWidth.columns(of: tabs) - 1)
    let end = frame.put(
      " holdfast " + route(state, layout.tier), row: 0, column: 0, width: tabsAt - 1, role: .title)
    frame.put(tabs, row: 0, column: tabsAt, role: .title)

    guard let upstream = state.traffic.failing ?? state.traffic.upstreams.first else { return }
    let health = self.health(upstream, layout.tier, now)
    let role: Role = state.traffic.failing == nil ? .title : .frozen
    frame.put(" \(health)", row: 0, column: end, width: tabsAt - 1 - end, role: role)
  }

  private static func route(_ state: DashboardState, _ tier: Layout.Tier) -> String {
    let listen = state.options.listenAddress
    let upstream = (state.traffic.failing ?? state.traffic.upstreams.first)?.address ?? ""
    switch tier {
    case .tiny: return port(listen)
    case .narrow: return upstream.isEmpty ? port(listen) : "\(port(listen)) -> \(port(upstream))"
    case .normal: return upstream.isEmpty ? listen : "\(port(listen)) -> \(upstream)"
    case .wide, .vast: return upstream.isEmpty ? listen : "\(listen) -> \(upstream)"
    }
  }

  /// `:8089`, or the whole address if it has no port.
  private static func port(_ address: String) -> String {
    guard let colon = address.lastIndex(of: ":") else { return address }
    return String(address[colon...])
  }

  private static func health(_ upstream: UpstreamStatus, _ tier: Layout.Tier, _ now: Int64)
    -> String
  {
    let kind = upstream.kind == .unknown || tier < .wide ? "" : upstream.kind.name + " "
    switch upstream.state {
    case .unknown: return kind.isEmpty ? "" : kind
    case .up:
      guard tier >= .wide, let millis = upstream.connectMillis else { return kind + "up" }
      return "\(kind)up \(millis)ms"
    case .down(let since, _, _): return "\(kind)DOWN \(Humanised.age(millis: now - since))"
    }
  }

  private static func tabs(_ current: Screen, _ tier: Layout.Tier) -> String {
    if tier < .normal { return "\(current.rawValue)/4 \(current.shortTitle)" }
    return Screen.allCases.map { screen in
      let name = tier >= .wide ? screen.title : screen.shortTitle
      return screen == current ? "[\(screen.rawValue) \(name)]" : " \(screen.rawValue) \(name) "
    }.joined()
  }

  // MARK: Status

  private static func drawStatus(
    _ state: DashboardState, _ frame: inout Frame, _ layout: Layout, _ now: Int64
  ) {
    let row = layout.status.row
    var at = 1
    let width = layout.size.columns
    if state.frozen != nil {
      let waiting = state.live.turnsSeen - state.traffic.turnsSeen
      at = frame.put(
        " FROZEN at \(state.clock.time(state.frozenAt)), \(Humanised.plural(waiting, "turn")) waiting ",
        row: row, column: 0, role: .frozen)
      at += 1
    }
    if let failing = state.traffic.failing,
      case .down(let since, let reason, let failed) = failing.state
    {
      let age = Humanised.age(millis: now - since)
      let answered = failed == 0 ? "" : ", \(Humanised.plural(failed, "request")) got 502"
      frame.put(
        "UPSTREAM DOWN \(age): \(reason)\(answered)", row: row, column: at, in: width - at,
        role: .bad)
      return
    }
    for piece in pieces(state, layout, now) {
      let columns = TextWidth.columns(of: piece.text)
      guard at + columns <= width else { return }
      at = frame.put(piece.text, row: row, column: at, role: piece.role) + 3
    }
  }

  private static func pieces(_ state: DashboardState, _ layout: Layout, _ now: Int64)
    -> [TableCell]
  {
    let traffic = state.traffic
    let long = layout.tier >= .wide
    switch state.screen {
    case .sessions:
      let unmeasured = "\(Humanised.plural(traffic.unmeasured, "request")) not measured"
      if traffic.sessionCount == 0 {
        let none = TableCell("no sessions yet")
        return traffic.unmeasured == 0 ? [none] : [none, TableCell("\(unmeasured) (! lists them)")]
      }
      var pieces = [
        TableCell(
          "\(Humanised.plural(traffic.sessionCount, "session")), \(traffic.inFlight.count) in flight"
        )
      ]
      if let slots = ServerTexts.slots(traffic) { pieces.append(TableCell(slots)) }
      if state.options.canPin, state.options.defaultMode != .off {
        pieces.append(TableCell("new sessions: \(state.options.defaultMode.name)", .held))
      }
      if state.unseenWarnings > 0 {
        pieces.append(TableCell("! \(Humanised.plural(state.unseenWarnings, "warning"))", .warn))
      }
      let totals = traffic.totals
      pieces.append(
        TableCell(
          "\(long ? "reported" : "hit") \(Humanised.share(totals.hitShare))",
          Role.forShare(totals.hitShare)))
      pieces.append(
        TableCell("\(long ? "reprocessed" : "again") \(Humanised.count(totals.againAsForwarded))"))
      if totals.savedTokens > 0 { pieces.append(TableCell(saved(totals), .held)) }
      if layout.tier >= .wide, let last = traffic.lastTurnAt {
        pieces.append(TableCell("last turn \(state.clock.time(last))", .unknown))
      }
      if traffic.unmeasured > 0 { pieces.append(TableCell(unmeasured, .unknown)) }
      if !state.filter.isEmpty {
        pieces.insert(TableCell("filter: \(state.filter)", .marked), at: 1)
      }
      if state.sort != .arrival || state.sortReversed {
        pieces.append(
          TableCell(
            "sorted by \(state.sort.title)\(state.sortReversed ? ", reversed" : "")", .marked))
      }
      return pieces
    case .session, .breakPoint: return sessionPieces(state, layout, now)
    case .costs:
      return [
        TableCell("this run since \(state.clock.shortTime(state.startedAt))"),
        TableCell("unit: \(CostsView.title(state.unit, long: long))", .marked),
      ]
    }
  }

  private static func saved(_ totals: Totals) -> String {
    let tokens = "pinning saved \(Humanised.count(totals.savedTokens)) tok"
    guard let millis = totals.prefillMillis(of: totals.savedTokens) else { return tokens }
    return "\(tokens), \(Humanised.work(millis: millis))"
  }

  private static func sessionPieces(_ state: DashboardState, _ layout: Layout, _ now: Int64)
    -> [TableCell]
  {
    guard let row = state.selectedRow else { return [TableCell("no session selected", .unknown)] }
    if state.screen == .breakPoint, let record = state.breakRecord {
      let breaks = state.breaksAtHand
      let place = breaks.firstIndex(of: record.turn)
      let before = record.detail.map { " against turn \($0.previousTurn)" } ?? ""
      var pieces = [TableCell("\(row.id) turn \(record.turn)\(before)")]
      if let place {
        pieces.append(TableCell("break \(place + 1) of \(breaks.count)", .marked))
      }
      if layout.tier >= .normal { pieces.append(TableCell("\(row.agent) \(row.model)")) }
      return pieces
    }
    var pieces = [TableCell(row.id.description, .key)]
    let cost = row.mode == .off ? nil : ModeEffect.unpinCost(row.latest)
    // What turning pinning off would cost is worth more than who is at work.
    let isCrowded = cost != nil && row.stored == nil
    if layout.tier >= (isCrowded ? .wide : .normal) {
      pieces.append(TableCell("\(row.agent)  \(row.model)"))
    } else if !row.agent.isEmpty, layout.tier >= (isCrowded ? .normal : .tiny) {
      pieces.append(TableCell(row.agent))
    }
    if let stored = row.stored {
      pieces.append(TableCell("stored, \(Humanised.plural(stored.totals.turns, "turn"))", .marked))
      pieces.append(TableCell("last seen \(state.clock.date(stored.lastSeen))", .unknown))
      return pieces
    }
    let off = cost.map { ", off costs \($0)" + (layout.tier >= .wide ? " tok" : "") } ?? ""
    let mode = layout.tier >= .wide ? pin(row) : row.mode.name
    pieces.append(TableCell("pin \(mode)\(off)", row.mode == .off ? .normal : .held))
    if let latest = row.latest {
      let tokens = latest.usage.promptTokens.map { TokenCount($0, estimated: false) }
      let prompt = tokens ?? latest.promptTokens
      var text = "\(Humanised.tokens(prompt)) tok"
      if let window = ServerTexts.window(row, state.traffic), window > 0 {
        text +=
          " = \(Humanised.share(Double(prompt.value) / Double(window))) of \(Humanised.count(window))"
      }
      pieces.append(TableCell(text))
    }
    let (text, role) = SessionTexts.state(row, state: state, now: now)
    pieces.append(TableCell(text, role))
    return pieces
  }

  static func pin(_ row: SessionRow) -> String {
    row.modeSince.map { "\(row.mode.name) from turn \($0)" } ?? row.mode.name
  }

  // MARK: Message

  private static func drawMessage(
    _ state: DashboardState, _ frame: inout Frame, _ layout: Layout, _ now: Int64
  ) {
    let row = layout.message.row
    let width = layout.size.columns - 1
    if let prompt = state.prompt {
      let sign = prompt.purpose == .search ? "/" : "\\"
      let end = frame.put(
        "\(sign)\(prompt.text)", row: row, column: 1, width: width - 1, role: .key)
      frame.put(" ", row: row, column: end, width: 1, role: .selected)
      return
    }
    if let message = state.message {
      frame.put(message.text, row: row, column: 1, in: width, role: message.role)
      return
    }
    if layout.status.isEmpty, let failing = state.traffic.failing,
      case .down(let since, let reason, _) = failing.state
    {
      frame.put(
        "DOWN \(Humanised.age(millis: now - since)): \(reason)", row: row, column: 1, in: width,
        role: .bad)
      return
    }
    if layout.status.isEmpty, state.frozen != nil {
      frame.put("FROZEN, f goes on", row: row, column: 1, in: width, role: .frozen)
      return
    }
    guard state.overlay == nil else { return }
    let text: String
    switch state.screen {
    case .sessions:
      text =
        state.selectedRow.map {
          SessionTexts.sentence($0, options: state.options, long: layout.tier >= .wide)
        } ?? ""
    case .session:
      text =
        state.currentTurn.map {
          "turn \($0.turn): \(TurnSentence.text($0, options: state.options))"
        } ?? ""
    case .costs: text = CostsView.unpriced(state)
    case .breakPoint: text = ""
    }
    frame.put(text, row: row, column: 1, in: width)
  }

  // MARK: Hints

  private static func drawHints(_ state: DashboardState, _ frame: inout Frame, _ layout: Layout) {
    let row = layout.hints.row
    let width = layout.size.columns
    let right: [(String, String)]
    var left: [(String, String)] = []
    if state.prompt != nil {
      left = [("Enter", "done"), ("Esc", "cancel")]
      right = []
    } else if let overlay = state.overlay {
      (left, right) = Overlays.hints(overlay)
    } else {
      right = [("?", "help"), ("q", state.screen == .sessions ? "quit" : "back")]
      for binding in KeyTable.bindings(on: state.screen) {
        guard let hint = binding.hint,
          state.traffic.sessionCount > 0 || state.opened != nil || binding.action == .openStored,
          binding.action != .openStored || state.options.hasLedger,
          ![.help, .back].contains(binding.action),
          binding.section != .pinning || (state.options.canPin && !state.options.readOnly)
        else { continue }
        left.append((binding.hintKey, hint))
      }
    }
    let rightWidth = right.reduce(0) { $0 + $1.0.count + $1.1.count + 2 }
    var at = 1
    for (key, word) in left {
      guard at + key.count + word.count + 1 <= width - rightWidth - 2 else { continue }
      at = frame.put(key, row: row, column: at, role: .key)
      at = frame.put(" \(word)", row: row, column: at) + (layout.tier >= .normal ? 2 : 1)
    }
    at = width - rightWidth
    for (key, word) in right {
      at = frame.put(key, row: row, column: at, role: .key)
      at = frame.put(" \(word)", row: row, column: at) + 1
    }
  }
}
