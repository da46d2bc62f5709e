import Bytes
import Glibc
import Simulator
import TestSupport
import Testing
import Wire

/// What the upstream and the agent get is what the other one sent.
@Suite struct ForwardingTests {
  @Test func `an upstream's address that ends in v1 works with what the banner tells agents`()
    throws
  {
    try withSimulator { simulator in
      let scene = try Scene(url: "http://\(simulator.address)/v1")
      let variable = try #require(scene.proxy.lines.first { $0.contains("OPENAI_BASE_URL=") })
      #expect(variable.hasSuffix("=http://\(scene.address)/v1"))
      let answer = try scene.call(scene.agent(), "/v1/chat/completions", Prompts.chat(["hi"]))
      #expect(answer.status == 200)
    }
  }

  /// A request body that a proxy which decodes and encodes JSON would change.
  struct OddBody: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var bytes: [UInt8]

    init(_ name: String, _ text: String) { self.init(name, Array(text.utf8)) }

    init(_ name: String, _ bytes: [UInt8]) {
      testDescription = name
      self.bytes = bytes
    }
  }

  static let user = #"{"role":"user","content":"hi"}"#

  static let oddBodies: [OddBody] = [
    OddBody("key order", #"{"messages":[{"content":"hi","role":"user"}],"z":1,"model":"m","a":2}"#),
    OddBody(
      "escapes",
      #"{"model":"m","messages":[{"role":"user","content":"a\/b \u00e9 \u003c\ud83d\ude00"}]}"#),
    OddBody(
      "numbers",
      #"{"model":"m","temperature":1.0,"top_p":1e3,"seed":-0,"n":1E+0,"big":12345678901234567890123,"messages":[\#(user)]}"#
    ),
    OddBody(
      "duplicate keys", #"{"model":"m","model":"n","messages":[\#(user)],"messages":[\#(user)]}"#),
    OddBody("white space", " {\t\"model\" :\r\n \"m\" , \"messages\": [ \(user) ] }\n\n"),
    OddBody(
      "bytes that are no UTF-8",
      Array(#"{"model":"m","messages":[{"role":"user","content":""#.utf8) + [
        0xFF, 0xC0, 0x80, 0xED,
      ]
        + Array(#""}]}"#.utf8)),
    OddBody("byte order mark", [0xEF, 0xBB, 0xBF] + Array(#"{"model":"m","messages":[]}"#.utf8)),
    OddBody("deep nesting", String(repeating: "[", count: 20_000)),
    OddBody("cut short", #"{"model":"m","messages":[{"role":"user","content":"hi"#),
    OddBody("two values", #"{"model":"m","messages":[]}{"model":"m","messages":[]}"#),
    OddBody("null byte", Array(#"{"model":"m","messages":["#.utf8) + [0] + Array("]}".utf8)),
    OddBody("gzip", [0x1F, 0x8B, 0x08, 0, 0, 0, 0, 0, 0, 3] + (0..<400).map { UInt8($0 % 251) }),
    OddBody("all byte values", (0..<1024).map { UInt8(truncatingIfNeeded: $0) }),
    OddBody("empty", ""),
  ]

  @Test(arguments: oddBodies)
  func `a request body reaches the upstream byte for byte`(_ odd: OddBody) throws {
    let scene = try Scene()
    for target in ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/completions"] {
      let agent = scene.agent()
      agent.post(target, odd.bytes, "Content-Type: application/json\r\n")
    }
    for number in 1...4 {
      let body = try scene.received(number).message.body
      #expect(body.count == odd.bytes.count)
      #expect(digest(body) == digest(odd.bytes))
    }
  }

  @Test(arguments: oddBodies)
  func `a response body reaches the agent byte for byte`(_ odd: OddBody) throws {
    let scene = try Scene()
    let agent = scene.agent()
    agent.post("/v1/chat/completions", Prompts.chat(["hi"]))
    let request = try scene.received()
    let head =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(odd.bytes.count)\r\n\r\n"
    request.peer.send(Array(head.utf8) + odd.bytes)
    #expect(digest(try scene.response(to: agent).body) == digest(odd.bytes))
  }

  @Test func `a turn that breaks the prefix is forwarded as it was sent`() throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer())
    let agent = scene.agent()
    let first = Prompts.chat([Prompts.prose(200), "yes", "go on"])
    let second = Prompts.chat([Prompts.prose(200, seed: 2), "yes", "go on", "yes", "more"])
    _ = try scene.call(agent, "/v1/chat/completions", first)
    _ = try scene.call(agent, "/v1/chat/completions", second)
    #expect(try scene.received(2).message.text == second)
    #expect(try scene.turns(2)[1]["mutated"] == .bool(true))
  }

  @Test func `bodies of many megabytes arrive whole in both directions`() throws {
    let scene = try Scene()
    let agent = scene.agent()
    let request = Array(Prompts.chat([String(repeating: "abcdefgh", count: 1 << 20)]).utf8)
    agent.post("/v1/chat/completions", request)
    let received = try scene.received()
    #expect(digest(received.message.body) == digest(request))
    let answer = ok(String(repeating: "01234567", count: 1 << 20))
    received.peer.send(answer)
    let response = try scene.response(to: agent)
    #expect(response.body.count == 8 << 20)
  }

  @Test func `the simulator's record shows the bytes that the agent sent`() throws {
    try withSimulator { simulator in
      let scene = try Scene(server: simulator.address)
      let body = #"{ "messages":[{"content":"a\/b","role":"user"}],"model":"m","x":1.0 }"#
      let response = try scene.call(scene.agent(), "/v1/chat/completions", body)
      #expect(response.status == 200)
      #expect(simulator.record.requests.map(\.body) == [Array(body.utf8)])
    }
  }

  @Test(arguments: [
    "/v1/chat/completions?beta=true&x=%2F%20+a&&empty=&flag",
    "/v1/messages?beta=true",
    "/v1/models?after=%E2%82%AC",
    "/anything/else;p=1?q=a?b",
  ])
  func `the target arrives with its query string`(_ target: String) throws {
    let scene = try Scene()
    scene.agent().post(target, Prompts.chat(["hi"]))
    #expect(try scene.received().message.target == target)
  }

  @Test func `unknown and repeated request fields arrive in order and as they are spelled`() throws
  {
    let scene = try Scene()
    let fields = [
      "X-Stainless-Lang: js", "anthropic-beta: one", "Anthropic-Beta: two", "x-empty:",
      "X-Odd!#$%&'*+-.^_`|~: a, b;c=\"d\"", "anthropic-version: 2023-06-01",
      "anthropic-beta: three",
    ]
    scene.agent().post(
      "/v1/messages", Prompts.anthropic(["hi"]), fields.map { $0 + "\r\n" }.joined())
    let arrived = try scene.received().message.fieldLines
    let wanted = fields.map { $0.hasSuffix(":") ? $0 + " " : $0 }
    #expect(arrived.filter { wanted.contains($0) } == wanted)
  }

  @Test func `unknown and repeated response fields arrive in order and as they are spelled`() throws
  {
    let scene = try Scene()
    let fields = [
      "Set-Cookie: a=1", "X-RateLimit-Remaining: 7", "set-cookie: b=2", "x-Request-ID: q",
    ]
    scene.answerAll(ok("{}", fields.map { $0 + "\r\n" }.joined()))
    let response = try scene.call(scene.agent(), "/v1/messages", Prompts.anthropic(["hi"]))
    #expect(response.fieldLines.filter { fields.contains($0) } == fields)
  }

  @Test(arguments: [400, 401, 404, 413, 429, 500, 529])
  func `an error of the upstream is passed on with its body`(_ status: Int) throws {
    let scene = try Scene()
    let body = #"{"error":{"message":"no \#(status)"}}"#
    scene.answerAll(
      "HTTP/1.1 \(status) Oops\r\nretry-after: 3\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    )
    let response = try scene.call(
      scene.agent(), "/v1/chat/completions", Prompts.chat(["hi"]))
    #expect(response.status == status)
    #expect(response.text == body)
    #expect(response.fields.first("retry-after") == "3")
  }

  @Test func `named upstreams get their requests below their name`() throws {
    try withSimulator { simulator in
      let scene = try Scene(options: ["--upstream", "sim=http://\(simulator.address)"])
      let response = try scene.call(
        scene.agent(), "/sim/v1/chat/completions", Prompts.chat(["hi"]))
      #expect(response.status == 200)
      #expect(simulator.record.requests.map(\.target) == ["/v1/chat/completions"])
      #expect(scene.upstream.connections.isEmpty)
    }
  }
}

private func digest(_ bytes: [UInt8]) -> Digest { bytes.withUnsafeBytes { Digest(of: $0) } }
