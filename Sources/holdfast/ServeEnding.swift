import Dashboard
import Engine
import EventLoop
import Glibc
import Proxy
import Turns

/// What the loop is told from outside, and how it ends.
extension Serving {
  func watchSignals() throws {
    let end = { [unowned self] in isStopping ? stop() : drain() }
    for signal in [SIGINT, SIGTERM] {
      signals.append(try SignalWatch(loop: loop, signal: signal, end))
    }
    hangUps = try HangUpWatch(loop: loop, gone: end) { [unowned self] in readAgain() }
    HangUpWatch.accept()
  }

  func takeCommands() {
    holds?.open()
    ledger?.flush()
    if demoIsOver.isSet { drain() }
    while let text = notices.take() { engine?.notice(text) }
    takeConfiguration()
    pane?.flush()
    control?.flush()
    while let command = pane?.nextCommand() { _ = carryOut(command) }
    while let order = control?.nextOrder() {
      switch order {
      case .command(let id, let command): control?.done(id, carryOut(command))
      case .attached(let isAttached):
        isWatched = isAttached
        engine?.watchSlots(isWatched || pane != nil)
      }
    }
    if let outcome = pane?.takeOutcome() { dashboardLeft(outcome.reason, outcome.errors) }
  }

  /// - Returns: false if there was nothing to carry it out on.
  private func carryOut(_ command: ProxyCommand) -> Bool {
    switch command {
    case .setMode(let session, let mode): return engine?.setMode(mode, of: session) ?? false
    case .setRepairs(let session, let repairs):
      return engine?.setRepairs(repairs, of: session) ?? false
    // The proxy of a command ends with it.
    case .drain: if let child = self.command { child.terminate() } else { drain() }
    case .stop: if let child = self.command { child.terminate() } else { stop() }
    }
    return true
  }

  func leaveTerminal() {
    if pane?.stop() == false { isTerminalStuck = true }
    pane = nil
    engine?.watchSlots(isWatched)
  }

  private func dashboardLeft(_ reason: LeaveReason, _ errors: String) {
    leaveTerminal()
    if !errors.isEmpty { Console.error(errors) }
    switch reason {
    case .lineMode:
      reports.setLines(true)
      if let proxy { Console.print("holdfast goes on at http://\(proxy.address); ^C stops it") }
    case .drain, .terminalGone: drain()
    case .stopNow: stop()
    case .stopped: break
    }
  }

  /// No new work; what runs may finish, up to the limit.
  func drain() {
    guard !isStopping else { return }
    isStopping = true
    stopProber()
    control?.noteDraining()
    demo?.stopAgents()
    proxy?.drain(limitMillis: options.drainTimeoutMillis) { [unowned self] in end() }
  }

  func stop() {
    isStopping = true
    stopProber()
    proxy?.stop()
    end()
  }

  func end() {
    stopProber()
    proxy?.stop()
    engine?.wakesMeasuring = nil
    engine?.settle()
    measuring?.close()
    measuring = nil
    engine?.wakesKeeping = nil
    keeping?.close()
    keeping = nil
    forgetting?.close()
    forgetting = nil
    ledger?.leaveLoop()
    holds?.close()
    for signal in signals { signal.close() }
    signals = []
    hangUps?.close()
    hangUps = nil
    command?.close()
    if let split {
      waitpid(split, nil, WNOHANG)
      self.split = nil
    }
    notices.wakeup = nil
    wakeup?.close()
    wakeup = nil
    load?.close()
    load = nil
    loop.stop()
  }
}
