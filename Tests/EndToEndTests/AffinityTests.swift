import Bytes
import Simulator
import TestSupport
import Testing
import Wire

/// Two agents with the same long system prompt at a server with two slots: what they share is more
/// than half of a slot, so that the server keeps nothing of what it displaces.
private struct Rivals {
  static let system = Prompts.prose(3000, seed: 9)
  let scene: Scene
  let agents: [Agent]
  var texts: [[String]]

  init(_ simulator: SimulatorThread, options: [String]) throws {
    scene = try Scene(server: simulator.address, options: options, probes: true)
    agents = [scene.agent(), scene.agent()]
    texts = [[Prompts.prose(200, seed: 1)], [Prompts.prose(200, seed: 2)]]
  }

  /// One turn of an agent; the cached and all tokens of its prompt.
  mutating func turn(_ agent: Int, number: Int) throws -> (cached: Int, prompt: Int) {
    let response = try scene.call(
      agents[agent], "/v1/chat/completions", Prompts.chat(texts[agent], system: Self.system))
    let usage = try #require(JSONValue(response.text)?["usage"])
    texts[agent] += ["fine", Prompts.prose(40, seed: 100 * agent + number)]
    return (
      try #require(usage["prompt_tokens_details"]?["cached_tokens"]?.integer),
      try #require(usage["prompt_tokens"]?.integer)
    )
  }
}

@Suite struct AffinityTests {
  private func rounds(
    _ options: [String], until holds: (Rivals, Bool) -> Bool
  ) throws -> Bool {
    try withSimulator({ $0.slots = 2 }) { simulator in
      var rivals = try Rivals(simulator, options: options)
      var before: [Int?] = [nil, nil]
      for number in 0..<30 {
        var areWhole = true
        for agent in 0..<2 {
          let turn = try rivals.turn(agent, number: number)
          areWhole = areWhole && turn.cached + 8 >= before[agent] ?? .max
          before[agent] = turn.prompt
        }
        if holds(rivals, areWhole) { return true }
      }
      return false
    }
  }

  private static let told = "keep slots of their own"

  @Test func `pinned conversations that displace each other get slots of their own`() throws {
    let isMet = try rounds(["--pin"]) { rivals, areWhole in
      areWhole && rivals.scene.proxy.standardOutput.contains(Self.told)
    }
    #expect(isMet)
  }

  @Test(arguments: [["--pin", "--no-affinity"], ["--pin=off"]])
  func `without pinning, or switched off, they go on to do so`(_ options: [String]) throws {
    let isMet = try rounds(options) { rivals, areWhole in
      areWhole || rivals.scene.proxy.standardOutput.contains("id_slot")
    }
    #expect(!isMet)
  }

  @Test func `a conversation at OpenAI is named from its first turn on, unless it has a name`()
    throws
  {
    let scene = try Scene(options: ["--pin"])
    scene.answerAll(
      ok(
        #"{"choices":[{"message":{"role":"assistant","content":"yes"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#,
        "Content-Type: application/json\r\nopenai-version: 2020-10-01\r\n"))
    let path = "/v1/chat/completions"
    // The kind of server is known by its first answer only.
    _ = try scene.call(scene.agent(), path, Prompts.chat(["who are you"]))
    let agent = scene.agent()
    let first = Prompts.chat(["something else"], system: "You are a poet.")
    let second = Prompts.chat(["something else", "yes", "on"], system: "You are a poet.")
    _ = try scene.call(agent, path, first)
    _ = try scene.call(agent, path, second)
    let named = Prompts.chat(["a third"], system: "Mine.", more: #","prompt_cache_key":"own""#)
    _ = try scene.call(scene.agent(), path, named)
    let bodies = try (1...4).map { try scene.received($0).message.text }
    #expect(!bodies[0].contains("prompt_cache_key"))
    let key = try #require(JSONValue(bodies[1])?["prompt_cache_key"]?.string)
    #expect(key.hasPrefix("holdfast-"))
    #expect(bodies[1] == first.dropLast() + ",\"prompt_cache_key\":\"\(key)\"}")
    #expect(bodies[2] == second.dropLast() + ",\"prompt_cache_key\":\"\(key)\"}")
    #expect(bodies[3] == named)
  }

  @Test func `a server that refuses the name gets the agent's own body`() throws {
    let scene = try Scene(options: ["--pin"])
    var answered: [ObjectIdentifier: Int] = [:]
    scene.upstream.onReceive = { peer in
      let requests = HTTPMessage.requests(in: peer.received)
      for request in requests.dropFirst(answered[ObjectIdentifier(peer), default: 0]) {
        peer.send(
          request.text.contains("prompt_cache_key")
            ? "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
            : ok(
              #"{"choices":[{"message":{"role":"assistant","content":"yes"}}],"usage":{"prompt_tokens":9,"completion_tokens":1}}"#,
              "Content-Type: application/json\r\nopenai-version: 2020-10-01\r\n"))
      }
      answered[ObjectIdentifier(peer)] = requests.count
    }
    let path = "/v1/chat/completions"
    for place in 0..<4 {
      let body = Prompts.chat(["question \(place)"], system: "You are number \(place).")
      #expect(try scene.call(scene.agent(), path, body).status == 200)
    }
    let turns = try scene.turns(4)
    #expect(turns.allSatisfy { $0["status"]?.integer == 200 })
    let bodies = try (1...5).map { try scene.received($0).message.text }
    #expect(bodies.filter { $0.contains("prompt_cache_key") }.count == 1)
  }
}
