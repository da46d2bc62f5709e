import Testing

@testable import Proxy

@Suite struct ExchangeStateMachineTests {
  private func machine(_ method: String = "POST", minor: Int = 1, fallback: Bool = false)
    -> ExchangeStateMachine
  {
    ExchangeStateMachine(method: method, clientMinorVersion: minor, hasFallback: fallback)
  }

  /// A machine whose request has been sent.
  private func sent(
    _ method: String = "POST", minor: Int = 1, fallback: Bool = false, isReused: Bool = false
  ) -> ExchangeStateMachine {
    var machine = machine(method, minor: minor, fallback: fallback)
    #expect(machine.start() == .connect(allowingIdle: true))
    #expect(machine.connected(isReused: isReused) == .send)
    return machine
  }

  private func loss(tookRequest: Bool = false, endsResponse: Bool = false)
    -> ExchangeStateMachine.Loss
  {
    ExchangeStateMachine.Loss(
      reason: "lost", tookRequest: tookRequest, endsResponse: endsResponse)
  }

  @Test func `a server that thinks aloud for long is waited for, a flood is not`() {
    var machine = sent()
    for _ in 0..<1_000 {
      machine.received()
      #expect(machine.head(status: 102, isInformational: true) == .relayInterim)
    }
    machine.received()
    var actions = (0..<65).map { _ in machine.head(status: 102, isInformational: true) }
    #expect(
      actions.popLast() == .answer(status: 502, reason: "upstream sent too many interim responses"))
    #expect(actions.allSatisfy { $0 == .relayInterim })
  }

  @Test func `a response begins once and finishes once`() {
    var machine = sent()
    machine.received()
    #expect(machine.head(status: 200, isInformational: false) == .begin)
    #expect(machine.head(status: 200, isInformational: false) == .ignore)
    #expect(machine.completed() == .finish)
    #expect(machine.isOver)
    #expect(machine.completed() == .ignore)
    #expect(machine.lost(loss()) == .ignore)
    #expect(machine.clientLost() == .ignore)
  }

  @Test func `a failed connection is answered`() {
    var machine = machine()
    _ = machine.start()
    #expect(machine.connectFailed(status: 502, reason: "no") == .answer(status: 502, reason: "no"))
    #expect(machine.isOver)
  }

  @Test(arguments: [
    ("POST", true, false, true), ("POST", true, true, false), ("POST", false, false, false),
    ("GET", true, true, true), ("GET", false, false, false),
  ])
  func `a request is sent again only where the first cannot have counted`(
    method: String, isReused: Bool, tookRequest: Bool, isSentAgain: Bool
  ) {
    var machine = sent(method, isReused: isReused)
    let action = machine.lost(loss(tookRequest: tookRequest))
    #expect(
      action
        == (isSentAgain ? .connect(allowingIdle: false) : .answer(status: 502, reason: "lost")))
  }

  @Test func `a request is sent again once`() {
    var machine = sent("GET", isReused: true)
    #expect(machine.lost(loss()) == .connect(allowingIdle: false))
    #expect(machine.connected(isReused: true) == .send)
    #expect(machine.lost(loss()) == .answer(status: 502, reason: "lost"))
  }

  @Test func `a byte of the response rules out sending again`() {
    var machine = sent("GET", isReused: true)
    machine.received()
    #expect(machine.lost(loss()) == .answer(status: 502, reason: "lost"))
  }

  @Test func `an end in the middle truncates unless it is the proper one`() {
    for isProper in [false, true] {
      var machine = sent()
      _ = machine.head(status: 200, isInformational: false)
      #expect(
        machine.lost(loss(endsResponse: isProper))
          == (isProper ? .finish : .truncate(reason: "lost")))
    }
  }

  @Test func `bytes that are no HTTP are answered before the head and truncate behind it`() {
    var machine = sent()
    #expect(machine.malformed(reason: "bad") == .answer(status: 502, reason: "bad"))
    machine = sent()
    _ = machine.head(status: 200, isInformational: false)
    #expect(machine.malformed(reason: "bad") == .truncate(reason: "bad"))
  }

  @Test func `interim responses are bounded`() {
    var machine = sent()
    for _ in 0..<64 { #expect(machine.head(status: 103, isInformational: true) == .relayInterim) }
    guard case .answer(status: 502, _) = machine.head(status: 103, isInformational: true) else {
      Issue.record("still relayed")
      return
    }
  }

  @Test func `a fallback is used once and only for its statuses`() {
    var machine = sent(fallback: true)
    #expect(machine.head(status: 413, isInformational: false) == .sendFallback(status: 413))
    #expect(machine.connected(isReused: false) == .send)
    #expect(machine.head(status: 413, isInformational: false) == .begin)
    for status in [400, 422, 500] {
      machine = sent(fallback: true)
      #expect(machine.head(status: status, isInformational: false) == .sendFallback(status: status))
    }
    for status in [429, 502, 503] {
      machine = sent(fallback: true)
      #expect(machine.head(status: status, isInformational: false) == .begin)
    }
  }

  @Test func `a client is probed once before the response, and only with HTTP 1_1, and once in it`()
  {
    var machine = sent()
    #expect(machine.clientEnded() == .probe)
    #expect(machine.clientEnded() == .ignore)
    #expect(machine.head(status: 200, isInformational: false) == .begin)
    machine = sent()
    _ = machine.head(status: 200, isInformational: false)
    #expect(machine.clientEnded() == .probe)
    machine = sent(minor: 0)
    #expect(machine.clientEnded() == .cancel)
  }

  @Test func `a client that is lost cancels whatever is under way`() {
    var machine = machine()
    _ = machine.start()
    #expect(machine.clientLost() == .cancel)
    #expect(machine.connected(isReused: false) == .ignore)
    machine = sent()
    _ = machine.head(status: 200, isInformational: false)
    #expect(machine.clientLost() == .cancel)
  }

  @Test func `a late response is answered only before it begins`() {
    var machine = sent()
    guard case .answer(status: 504, _) = machine.responseTimedOut() else {
      Issue.record("not answered")
      return
    }
    machine = sent()
    _ = machine.head(status: 200, isInformational: false)
    #expect(machine.responseTimedOut() == .ignore)
  }
}
