import Bytes
import Simulator
import TestSupport
import Testing
import Wire

/// Streams pass through as they arrive.
@Suite struct StreamingTests {
  static let head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

  static func chunk(_ text: String) -> String {
    String(text.utf8.count, radix: 16) + "\r\n" + text + "\r\n"
  }

  @Test(arguments: [
    ("/v1/chat/completions", "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n"),
    ("/v1/messages", "event: message_start\ndata: {\"type\":\"message_start\"}\n\n"),
    ("/v1/responses", "event: response.created\ndata: {\"type\":\"response.created\"}\n\n"),
  ])
  func `an event reaches the agent before the upstream sends the next one`(
    _ target: String, _ event: String
  ) throws {
    let scene = try Scene()
    let agent = scene.agent()
    agent.post(target, Prompts.chat(["hi"], more: #","stream":true"#))
    let request = try scene.received()
    request.peer.send(Self.head)
    // Each event is sent only after the one before has arrived, so no buffer can hide.
    for count in 1...5 {
      request.peer.send(Self.chunk(event))
      scene.wait(for: "event \(count)") {
        agent.response?.text == String(repeating: event, count: count)
      }
    }
    #expect(agent.response?.isComplete == false)
    request.peer.send("0\r\n\r\n")
    #expect(try scene.response(to: agent).text == String(repeating: event, count: 5))
  }

  @Test func `half an event is passed on without waiting for the rest`() throws {
    let scene = try Scene()
    let agent = scene.agent()
    agent.post("/v1/chat/completions", Prompts.chat(["hi"], more: #","stream":true"#))
    let request = try scene.received()
    request.peer.send(Self.head + Self.chunk("data: {\"cho"))
    scene.wait(for: "the first half") { agent.response?.text == "data: {\"cho" }
  }

  @Test func `comment lines that keep a stream alive are passed on`() throws {
    let scene = try Scene()
    let agent = scene.agent()
    agent.post("/v1/chat/completions", Prompts.chat(["hi"], more: #","stream":true"#))
    let request = try scene.received()
    request.peer.send(Self.head + Self.chunk(": ping\n\n"))
    scene.wait(for: "the comment") { agent.response?.text == ": ping\n\n" }
  }

  @Test func `an agent that leaves ends the upstream's work`() throws {
    let scene = try Scene()
    let agent = scene.agent()
    agent.post("/v1/chat/completions", Prompts.chat(["hi"], more: #","stream":true"#))
    let request = try scene.received()
    request.peer.send(Self.head + Self.chunk("data: {}\n\n"))
    scene.wait(for: "the first event") { agent.response?.body.isEmpty == false }
    agent.close()
    // The end of an agent's data could be half a close; what is written to it next tells.
    scene.wait(for: "the upstream's connection to end") {
      if !request.peer.isOver { request.peer.send(Self.chunk("data: {}\n\n")) }
      return request.peer.isOver
    }
    #expect(try scene.turns(1)[0]["state"]?.string == "aborted")
  }

  @Test func `a stream that the upstream cuts short ends short for the agent, too`() throws {
    let scene = try Scene()
    let agent = scene.agent()
    agent.post("/v1/chat/completions", Prompts.chat(["hi"], more: #","stream":true"#))
    let request = try scene.received()
    request.peer.send(Self.head + Self.chunk("data: {}\n\n"))
    scene.wait(for: "the first event") { agent.response?.body.isEmpty == false }
    request.peer.close()
    scene.wait(for: "the agent's connection to end") { agent.peer.isOver }
    #expect(agent.response?.isComplete == false)
    #expect(try scene.turns(1)[0]["state"]?.string == "failed")
  }

  @Test(arguments: [
    ("/v1/chat/completions", "[DONE]"), ("/v1/messages", "message_stop"),
    ("/v1/responses", "response.completed"),
  ])
  func `the simulator's streams are read for what the server reused`(
    _ target: String, _ ending: String
  ) throws {
    try withSimulator { simulator in
      let scene = try Scene(server: simulator.address)
      let agent = scene.agent()
      let more = #","stream":true"#
      let text = Prompts.prose(300)
      let body =
        switch target {
        case "/v1/responses": #"{"model":"m","input":"\#(text)"\#(more)}"#
        case "/v1/messages": Prompts.anthropic([text], more: more)
        default: Prompts.chat([text], more: more)
        }
      for _ in 1...2 {
        let response = try scene.call(agent, target, body)
        #expect(response.text.contains(ending))
      }
      let turn = try scene.turns(2)[1]
      #expect(try #require(turn["cached_tokens"]?.integer) > 200)
      #expect(turn["prompt_tokens"]?.integer == turn["total_tokens"]?.integer)
    }
  }
}
