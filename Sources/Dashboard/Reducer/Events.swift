import Prefix
import Turns
import Upstream

extension DashboardState {
  mutating func arrived(_ event: TurnEvent, now: Int64) {
    switch event {
    case .started(let record):
      live.started(record.madeSafe(ascii: options.ascii), at: now)
      afterTurn()
    case .finished(let record):
      let record = record.madeSafe(ascii: options.ascii)
      live.finished(record, clock: clock, at: endOf(record, now: now))
      afterTurn()
    case .firstByte(let session, let turn, let millis):
      live.firstByte(TurnKey(session: session, turn: turn), afterMillis: millis)
    case .progress(let session, let turn, let processed, let total):
      live.progress(TurnKey(session: session, turn: turn), processed, of: total)
    case .unmeasured(let at, let method, let path, let status, let reason):
      live.unmeasured += 1
      let answer = status.map { " \($0)" } ?? ""
      live.add(
        Notice(
          at: at, level: .info,
          text: "not measured: \(clean(method)) \(clean(path))\(answer), \(clean(reason))"))
    case .sessionEvicted(let session): evicted(session)
    case .upstream(let status): changed(status, now: now)
    case .repairsChanged(let session, let repairs, _): repairsChanged(session, repairs)
    case .modeChanged(let session, let mode, let turn): modeChanged(session, mode, turn)
    case .defaultsChanged(let mode, _): options.defaultMode = mode
    case .notice(let notice):
      let text = clean(notice.text)
      live.add(Notice(at: notice.at, level: notice.level, text: text))
      if notice.level == .warning {
        unseenWarnings += 1
        say(text, .warn)
      }
    }
  }

  /// An attached dashboard is told of turns long after they ended.
  private func endOf(_ record: TurnRecord, now: Int64) -> Int64 {
    guard options.isAttached, let millis = record.totalMillis else { return now }
    return min(now, record.startedAt + Int64(Bounded.count(millis)))
  }

  private mutating func afterTurn() {
    guard frozen == nil else { return }
    if sort != .arrival || !filter.isEmpty {
      isOrderStale = true
    } else if live.order.count != sortedCount {
      // Not at once: many may come between two frames.
      isOrderStale = true
    }
    if selectedSession == nil {
      sortSessions()
      select(visible.first)
    }
    keepSelectionInView()
  }

  private mutating func evicted(_ session: SessionID) {
    let neighbour = self.neighbour(of: session)
    live.evict(session)
    guard frozen == nil else { return }
    sortSessions()
    guard selectedSession == session else { return }
    select(neighbour)
    if screen != .sessions && screen != .costs { screen = .sessions }
    say("session \(session) was evicted" + (neighbour.map { ", \($0) is selected" } ?? ""), .warn)
    keepSelectionInView()
  }

  private func neighbour(of session: SessionID) -> SessionID? {
    guard let index = visible.firstIndex(of: session) else { return visible.first }
    if index + 1 < visible.count { return visible[index + 1] }
    return index > 0 ? visible[index - 1] : nil
  }

  private mutating func changed(_ status: UpstreamStatus, now: Int64) {
    var status = status
    status.name = clean(status.name)
    status.address = clean(status.address)
    status.build = status.build.map(clean)
    status.slotCount = status.slotCount.map(Bounded.count)
    status.slots = status.slots.prefix(256).map { slot in
      var slot = slot
      slot.tokens = slot.tokens.map(Bounded.count)
      slot.windowTokens = slot.windowTokens.map(Bounded.count)
      slot.processedTokens = slot.processedTokens.map(Bounded.count)
      slot.cachedTokens = slot.cachedTokens.map(Bounded.count)
      return slot
    }
    status.windows = status.windows.prefix(64).map {
      .init(model: clean($0.model), tokens: Bounded.count($0.tokens))
    }
    if case .down(let since, let reason, let failed) = status.state {
      status.state = .down(
        since: Bounded.time(since), reason: clean(reason), failedRequests: Bounded.count(failed))
    }
    let index = live.upstreams.firstIndex { $0.name == status.name }
    let before = index.map { live.upstreams[$0].state }
    if let index {
      live.upstreams[index] = status
    } else if live.upstreams.count < 64 {
      live.upstreams.append(status)
    }
    switch (before, status.state) {
    case (.down?, .up):
      live.add(Notice(at: now, level: .info, text: "\(status.name) is up again"))
      say("\(status.name) is up again", .good)
    case (.down?, .down): break
    case (_, .down(_, let reason, _)):
      unseenWarnings += 1
      live.add(Notice(at: now, level: .warning, text: "\(status.name) is down: \(reason)"))
    default: break
    }
    // A frozen view still tells that the server is gone.
    frozen?.upstreams = live.upstreams
  }

  private mutating func repairsChanged(_ session: SessionID?, _ repairs: RepairSet) {
    for id in session.map({ [$0] }) ?? live.order { live.setRepairs(repairs, of: id) }
    for id in session.map({ [$0] }) ?? frozen?.order ?? [] { frozen?.setRepairs(repairs, of: id) }
    let off = RepairSet.all.subtracting(repairs)
    let name = session?.description ?? "all sessions"
    say(
      off.isEmpty
        ? "\(name): every class of change is repaired" : "\(name): not repaired: \(off.names)",
      .held)
  }

  private mutating func modeChanged(_ session: SessionID?, _ mode: PinMode, _ turn: Int) {
    if let session {
      let cost = live[session].flatMap { ModeEffect.unpinCost($0.latest) }
      live.setMode(mode, of: session, from: turn)
      frozen?.setMode(mode, of: session, from: turn)
      say(
        mode == .off
          ? "unpinned \(session) from turn \(turn)"
            + (cost.map { "; it computes \($0) tok again, p takes it back" } ?? "")
          : "pinned \(session) (\(mode.name)) from turn \(turn)", .held)
    } else {
      options.defaultMode = mode
      for id in live.order { live.setMode(mode, of: id, from: nil) }
      for id in frozen?.order ?? [] { frozen?.setMode(mode, of: id, from: nil) }
      say("all sessions: \(mode.name), each from its next turn on", .held)
    }
  }
}
