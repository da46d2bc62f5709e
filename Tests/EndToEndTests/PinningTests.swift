import Bytes
import Simulator
import TestSupport
import Testing

/// What `--pin` does to the requests on the wire.
@Suite struct PinningTests {
  private static let path = "/v1/chat/completions"
  private static let rules = (0..<120).map { "Rule \($0): be exact.\\n" }.joined()

  private static func system(_ clock: String) -> String { "\(rules)Time: \(clock).\\n\(rules)" }

  private static let first = Prompts.chat(
    ["fix it", "done ", "and this?"], system: system("2026-03-01 14:02:11"))
  /// The same with another time, and one exchange more.
  private static let later = Prompts.chat(
    ["fix it", "done ", "and this?", "yes", "thanks"], system: system("2026-03-01 14:03:45"))
  /// The same without the blank behind an answer, and one exchange more.
  private static let trimmed = Prompts.chat(
    ["fix it", "done", "and this?", "yes", "thanks"], system: system("2026-03-01 14:02:11"))

  /// The bodies that the upstream gets for two requests.
  private static func forwarded(
    _ bodies: [String], _ options: [String]
  ) throws -> (bodies: [String], lines: [Substring]) {
    let scene = try Scene(options: options)
    scene.answerAll(chatAnswer(prompt: 1000, cached: 900))
    let agent = scene.agent()
    for body in bodies { _ = try scene.call(agent, path, body) }
    let arrived = try bodies.indices.map { try scene.received($0 + 1).message.text }
    _ = try scene.turns(bodies.count)
    scene.wait(for: "the lines") { scene.proxy.lines.count >= 4 + bodies.count }
    return (arrived, scene.proxy.lines)
  }

  /// Whether `next` begins with all that the server has of `previous`, which ends in `]}`.
  private static func extends(_ next: String, _ previous: String) -> Bool {
    next.utf8.starts(with: previous.utf8.dropLast(2))
  }

  @Test func `without it a change is forwarded as it was sent`() throws {
    let result = try Self.forwarded([Self.first, Self.trimmed, Self.later], [])
    #expect(result.bodies == [Self.first, Self.trimmed, Self.later])
  }

  @Test(arguments: ["--pin=safe", "--pin=hold", "--pin"])
  func `white space that was cut off is put back`(_ option: String) throws {
    let result = try Self.forwarded([Self.first, Self.trimmed], [option])
    #expect(Self.extends(result.bodies[1], result.bodies[0]))
    #expect(result.bodies[1].contains("thanks"))
    #expect(result.lines.last?.contains("HELD at msg[2]") == true)
  }

  @Test func `hold keeps a clock where it was and tells the new time once at the end`() throws {
    let result = try Self.forwarded([Self.first, Self.later], ["--pin=hold"])
    let body = result.bodies[1]
    #expect(Self.extends(body, result.bodies[0]))
    #expect(body.parts(at: "14:03:45") == 2)
    #expect(result.lines.last?.contains("HELD at msg[0]") == true)
  }

  @Test func `safe forwards a changed clock as it was sent`() throws {
    let result = try Self.forwarded([Self.first, Self.later], ["--pin=safe"])
    #expect(result.bodies[1] == Self.later)
  }

  @Test func `a redaction is forwarded as it was sent`() throws {
    let secret = "the code is hunter2-hunter2"
    let before = Prompts.chat([secret, "noted", "go on"])
    let after = Prompts.chat(["the code is [REDACTED]", "noted", "go on", "yes", "more"])
    let result = try Self.forwarded([before, after], ["--pin=hold"])
    #expect(result.bodies[1] == after)
  }

  @Test func `a held turn is cached by the server as if nothing had changed`() throws {
    try withSimulator { simulator in
      let scene = try Scene(server: simulator.address, options: ["--pin=hold"])
      let agent = scene.agent()
      for body in [Self.first, Self.later] { _ = try scene.call(agent, Self.path, body) }
      let turn = try scene.turns(2)[1]
      let previous = try #require(turn["previous_tokens"]?.integer)
      let cached = try #require(turn["cached_tokens"]?.integer)
      let kept = try #require(turn["kept_tokens"]?.integer)
      #expect(kept < previous * 3 / 4)
      #expect(cached > previous * 9 / 10)
      #expect(turn["mode"]?.string == "hold")
    }
  }

  @Test func `a rewritten request that the server refuses is sent again as it came`() throws {
    let scene = try Scene(options: ["--pin=hold"])
    let refusal = #"{"error":{"message":"no"}}"#
    var seen: [String] = []
    scene.upstream.onReceive = { peer in
      let requests = HTTPMessage.requests(in: peer.received)
      guard let body = requests.last?.text, seen.last != body else { return }
      seen.append(body)
      let isOwn = body == Self.first || body == Self.later
      peer.send(
        isOwn
          ? chatAnswer()
          : "HTTP/1.1 400 Bad Request\r\nContent-Length: \(refusal.utf8.count)\r\n\r\n\(refusal)")
    }
    let agent = scene.agent()
    _ = try scene.call(agent, Self.path, Self.first)
    let response = try scene.call(agent, Self.path, Self.later)
    #expect(response.status == 200)
    #expect(seen.count == 3)
    #expect(seen.last == Self.later)
  }
}

extension String {
  /// How many parts the text falls into at `separator`.
  fileprivate func parts(at separator: String) -> Int {
    split(separator: separator, omittingEmptySubsequences: false).count
  }
}
