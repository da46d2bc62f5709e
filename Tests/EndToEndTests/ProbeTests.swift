import TestSupport
import Testing
import Wire

/// Answers every request of the scripted upstream by its target; nil leaves it without an answer.
private func serve(_ scene: Scene, _ answer: @escaping (String) -> String?) {
  var answered: [ObjectIdentifier: Int] = [:]
  scene.upstream.onReceive = { peer in
    let requests = HTTPMessage.requests(in: peer.received)
    for request in requests.dropFirst(answered[ObjectIdentifier(peer), default: 0]) {
      if let text = answer(request.target ?? "") { peer.send(text) }
    }
    answered[ObjectIdentifier(peer)] = requests.count
  }
}

/// Targets of all requests that reached the upstream but the agents'.
private func probes(_ scene: Scene) -> [String] {
  scene.upstream.connections.flatMap { HTTPMessage.requests(in: $0.received) }
    .compactMap(\.target).filter { $0 != "/v1/chat/completions" }
}

private let missing = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"

@Suite struct ProbeTests {
  private func play(_ scene: Scene, turns: Int) throws {
    let agent = scene.agent()
    var texts = ["hello"]
    for turn in 0..<turns {
      let response = try scene.call(agent, "/v1/chat/completions", Prompts.chat(texts))
      #expect(response.status == 200)
      texts += ["yes", "go on \(turn)"]
    }
  }

  @Test func `a server without any of the endpoints is asked twice and serves as ever`() throws {
    let scene = try Scene(probes: true)
    serve(scene) { $0 == "/v1/chat/completions" ? chatAnswer() : missing }
    try play(scene, turns: 4)
    scene.wait(for: "the questions") { probes(scene).count >= 2 }
    try play(scene, turns: 2)
    #expect(probes(scene) == ["/v1/models", "/props"])
    #expect(try scene.turns(6).count == 6)
    scene.proxy.send(signal: 15)
    #expect(scene.exit() == 0)
    #expect(try scene.turns(6).count == 6)
  }

  @Test func `a server that hangs on a question serves as ever, and stopping does not wait`() throws
  {
    let scene = try Scene(probes: true)
    serve(scene) { $0 == "/v1/chat/completions" ? chatAnswer() : nil }
    try play(scene, turns: 2)
    scene.wait(for: "the question") { probes(scene).count >= 1 }
    try play(scene, turns: 4)
    #expect(probes(scene) == ["/v1/models"])
    #expect(try scene.turns(6).count == 6)
    scene.proxy.send(signal: 15)
    #expect(scene.exit() == 0)
  }

  @Test(arguments: [
    "garbage\r\n\r\n", ok("garbage"), ok("[[[[[[[[[["), ok("{\"data\":[{\"id\":1},null,\"x\"]}"),
    "HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n" + String(repeating: "[", count: 2_000_000),
  ])
  func `an answer of no use changes nothing`(_ answer: String) throws {
    let scene = try Scene(probes: true)
    serve(scene) { $0 == "/v1/chat/completions" ? chatAnswer() : answer }
    try play(scene, turns: 2)
    scene.wait(for: "the question") { probes(scene).count >= 1 }
    try play(scene, turns: 2)
    #expect(Set(probes(scene)).isSubset(of: ["/v1/models", "/props"]))
    #expect(probes(scene).count <= 2)
    #expect(try scene.turns(4).count == 4)
  }

  @Test func `no question carries a credential of the agent`() throws {
    let scene = try Scene(probes: true)
    serve(scene) { $0 == "/v1/chat/completions" ? chatAnswer() : missing }
    let agent = scene.agent()
    _ = try scene.call(
      agent, "/v1/chat/completions", Prompts.chat(["hello"]),
      "Authorization: Bearer sk-secret\r\nx-api-key: sk-secret\r\n")
    scene.wait(for: "the questions") { probes(scene).count >= 2 }
    let asked = scene.upstream.connections.filter { $0.text.hasPrefix("GET ") }
    #expect(asked.count == 2)
    #expect(asked.allSatisfy { !$0.text.contains("sk-secret") })
  }

  @Test func `nothing is asked where that was switched off`() throws {
    let scene = try Scene()
    serve(scene) { $0 == "/v1/chat/completions" ? chatAnswer() : missing }
    try play(scene, turns: 3)
    #expect(try scene.turns(3).count == 3)
    #expect(probes(scene) == [])
  }
}
