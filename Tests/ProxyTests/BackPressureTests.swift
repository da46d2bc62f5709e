import Wire
import EventLoop
import Bytes
import Proxy
import TestSupport
import Testing

@Suite struct BackPressureTests {
  @Test func `an upstream is not read faster than its client reads`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get())
    client.stopReading()
    let peer = try harness.request()
    let size = 24_000_000
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: \(size)\r\n\r\n")
    peer.send([UInt8](repeating: 66, count: size))
    harness.test.settle(rounds: 50)
    // The sockets' own buffers hold some megabytes.
    #expect(peer.queuedBytes > size / 4)
    client.startReading()
    client.discardsInput = true
    harness.wait(for: "the rest") { client.receivedCount > size }
    harness.wait(for: "the outcome") { harness.observer.outcomes == [.complete(status: 200)] }
    harness.finish()
  }

  @Test func `a client that reads nothing does not hold up another`() throws {
    let harness = try ProxyHarness()
    let slow = harness.client(get("/slow"))
    slow.stopReading()
    let peer = try harness.request()
    peer.send("HTTP/1.1 200 OK\r\nContent-Length: 24000000\r\n\r\n")
    peer.send([UInt8](repeating: 66, count: 24_000_000))
    harness.test.settle(rounds: 20)
    let other = harness.client(get("/other"))
    try harness.request(2).send(ok("quick"))
    harness.wait(for: "the answer") { other.text.hasSuffix("quick") }
    harness.finish()
  }

  @Test func `a client that sends on and on behind its request is not read any more`() throws {
    let harness = try ProxyHarness()
    let client = harness.client(get("/first"))
    let peer = try harness.request()
    let flood = [UInt8](repeating: 71, count: 24_000_000)
    client.send(flood)
    harness.test.settle(rounds: 50)
    #expect(client.queuedBytes > flood.count / 4)
    peer.send(ok("x"))
    // What follows is no request.
    harness.wait(for: "the answers") { client.text.contains("HTTP/1.1 414 ") }
    #expect(client.text.hasPrefix("HTTP/1.1 200 OK"))
    harness.finish()
  }

  @Test func `a client that takes no answers gets none of its further requests served`() throws {
    let harness = try ProxyHarness()
    let body = String(repeating: "b", count: 150_000)
    harness.upstream.onReceive = { peer in
      for _ in 0..<peer.text.occurrences(of: "\r\n\r\n") { peer.send(ok(body)) }
      peer.forget()
    }
    let client = harness.client(String(repeating: get(), count: 1000))
    client.stopReading()
    harness.test.settle(rounds: 100)
    // The sockets' own buffers hold some megabytes.
    #expect(harness.observer.requests.count < 200)
    client.discardsInput = true
    client.startReading()
    harness.wait(for: "all answers") { client.receivedCount > 1000 * 150_000 }
    #expect(harness.observer.requests.count == 1000)
    harness.finish()
  }
}
