import Proxy
import TestSupport
import Testing

@Suite struct AnswerHoldTests {
  @Test func `a held answer waits for the hold while the request goes out at once`() throws {
    let harness = try ProxyHarness()
    let hold = AnswerHold()
    hold.close()
    hold.close()
    harness.observer.onPlan = { $1.answerHold = hold }
    let client = harness.client(get())
    try harness.request().send(ok("held"))
    harness.test.settle(rounds: 20)
    #expect(client.text.isEmpty)
    hold.open()
    harness.test.settle(rounds: 20)
    #expect(client.text.isEmpty)
    hold.open()
    harness.wait(for: "the answer") { client.text.hasSuffix("held") }
    harness.finish()
  }

  @Test func `an open hold holds nothing up`() throws {
    let harness = try ProxyHarness()
    harness.observer.onPlan = { $1.answerHold = AnswerHold() }
    let client = harness.client(get())
    try harness.request().send(ok("free"))
    harness.wait(for: "the answer") { client.text.hasSuffix("free") }
    harness.finish()
  }

  @Test func `a client that leaves a held answer leaves nothing behind`() throws {
    let harness = try ProxyHarness()
    let hold = AnswerHold()
    hold.close()
    harness.observer.onPlan = { $1.answerHold = hold }
    let client = harness.client(get())
    try harness.request().send(ok("held"))
    client.close()
    harness.wait(for: "the outcome") { harness.observer.outcomes == [.clientGone] }
    hold.open()
    harness.finish()
  }
}
