import Bytes
import EventLoop
import Proxy
import TestSupport
import Testing
import Wire

/// Asks a fixed list of questions, one after the other.
private final class ListedQuestions: ProbeSource {
  var questions: [ProbeRequest] = []
  var answers: [String] = []

  func nextProbe(upstream: Int) -> ProbeStep {
    questions.isEmpty ? .rest : .ask(questions.removeFirst())
  }

  func probeEnded(upstream: Int, _ outcome: ProbeOutcome) {
    switch outcome {
    case .answered(let status, _, let body):
      answers.append("\(status) \(body.string(0..<body.count))")
    case .failed(let reason): answers.append(reason)
    }
  }
}

private final class ProbeHarness {
  let proxy: ProxyHarness
  let source = ListedQuestions()
  let prober: Prober

  init(_ questions: [ProbeRequest]) throws {
    proxy = try ProxyHarness()
    source.questions = questions
    prober = Prober(loop: proxy.test.loop, server: proxy.server, source: source)
    prober.wake(upstream: 0)
  }

  func finish() {
    prober.close()
    proxy.finish()
  }
}

@Suite struct ProberTests {
  @Test func `a question goes out on a connection of its own, without any credential`() throws {
    let harness = try ProbeHarness([ProbeRequest(path: "/props")])
    defer { harness.finish() }
    let peer = try harness.proxy.request()
    #expect(peer.text.hasPrefix("GET /props HTTP/1.1\r\n"))
    #expect(peer.text.contains("Connection: close\r\n"))
    #expect(!peer.text.lowercased().contains("authorization"))
    peer.send(ok(#"{"total_slots":2}"#))
    harness.proxy.wait(for: "the answer") { !harness.source.answers.isEmpty }
    #expect(harness.source.answers == [#"200 {"total_slots":2}"#])
    #expect(harness.proxy.observer.requests.isEmpty)
    #expect(harness.proxy.observer.health.isEmpty)
    #expect(harness.proxy.server.counters.upstreamConnections == 0)
  }

  @Test func `a body is posted as it is`() throws {
    let body = ByteBuffer(copying: Array(#"{"content":"a"}"#.utf8))
    let harness = try ProbeHarness([ProbeRequest(path: "/tokenize", body: body)])
    defer { harness.finish() }
    let peer = try harness.proxy.request(ending: #"{"content":"a"}"#)
    #expect(peer.text.hasPrefix("POST /tokenize HTTP/1.1\r\n"))
    #expect(peer.text.contains("Content-Length: 15\r\n"))
  }

  @Test func `the second question waits for the answer to the first`() throws {
    let harness = try ProbeHarness([ProbeRequest(path: "/a"), ProbeRequest(path: "/b")])
    defer { harness.finish() }
    let first = try harness.proxy.request()
    harness.proxy.test.settle()
    #expect(harness.proxy.upstream.connections.count == 1)
    first.send(ok("1"))
    let second = try harness.proxy.request(2)
    #expect(second.text.hasPrefix("GET /b "))
  }

  @Test(arguments: [
    ("garbage\r\n\r\n", "no valid HTTP"),
    (
      "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + String(repeating: "x", count: 5000),
      "too long"
    ),
  ])
  func `an answer of no use ends the question`(_ answer: String, _ reason: String) throws {
    let harness = try ProbeHarness([ProbeRequest(path: "/props", maxAnswerBytes: 4096)])
    defer { harness.finish() }
    try harness.proxy.request().send(answer)
    harness.proxy.wait(for: "the end") { !harness.source.answers.isEmpty }
    #expect(harness.source.answers[0].contains(reason))
  }

  @Test func `an upstream that hangs is given up`() throws {
    let harness = try ProbeHarness([ProbeRequest(path: "/props", timeoutMillis: 20)])
    defer { harness.finish() }
    harness.proxy.wait(for: "the end") { !harness.source.answers.isEmpty }
    #expect(harness.source.answers == ["no answer"])
  }

  @Test func `an agent's request is served while a question hangs`() throws {
    let harness = try ProbeHarness([ProbeRequest(path: "/props", timeoutMillis: 60_000)])
    defer { harness.finish() }
    try harness.proxy.request()
    let agent = harness.proxy.client(get("/v1/models"))
    try harness.proxy.request(2).send(ok("models"))
    harness.proxy.wait(for: "the response") { agent.text.hasSuffix("models") }
    #expect(harness.source.answers.isEmpty)
  }

  @Test func `an address that ends in the API's path is asked beside it`() throws {
    let proxy = try ProxyHarness {
      let address = try #require($0.upstreams.first).url
      $0.upstreams = [
        UpstreamConfiguration(name: "main", url: try .init(parsing: "\(address)/base/v1"))
      ]
    }
    let source = ListedQuestions()
    source.questions = [ProbeRequest(path: "/props")]
    let prober = Prober(loop: proxy.test.loop, server: proxy.server, source: source)
    defer {
      prober.close()
      proxy.finish()
    }
    prober.wake(upstream: 0)
    #expect(try proxy.request().text.hasPrefix("GET /base/props HTTP/1.1\r\n"))
  }
}
