import EventLoop
import Testing
import Wire

@testable import Simulator

@Suite struct ServerTests {
  static let chat = #"{"model":"m","messages":[{"role":"user","content":"hello"}]}"#
  static let stream = #"{"model":"m","stream":true,"messages":[{"role":"user","content":"hello"}]}"#

  @Test(arguments: [
    ("/v1/chat/completions", #"{"mess"#, 500, "server_error"),
    ("/v1/chat/completions", #"{"model":"m"}"#, 400, "invalid_request_error"),
    ("/v1/messages", #"{"model":"m"}"#, 500, "server_error"),
    ("/v1/nothing", "{}", 404, "not_found_error"),
  ])
  func `an error has the status and the shape of the real server`(
    path: String, body: String, status: Int, type: String
  ) throws {
    try withSimulator { simulator in
      let client = try TestClient(simulator.address)
      let response = try client.call(path, body)
      #expect(response.head.status == status)
      #expect(try response.json()["error"]?["type"]?.text == type)
      #expect(try client.isClosed())
    }
  }

  @Test(arguments: ["/v1/chat/completions", "/v1/messages"])
  func `a prompt that does not fit is refused with its size`(path: String) throws {
    try withSimulator({ $0.contextTokens = 50 }) { simulator in
      let text = SourceText.instructions(sentences: 20, seed: 1)
      let response = try TestClient(simulator.address).call(
        path,
        #"{"stream":true,"max_tokens":5,"messages":[{"role":"user","content":"\#(text)"}]}"#)
      #expect(response.head.status == 400)
      let error = try #require(try response.json()["error"])
      #expect(error["type"]?.text == "exceed_context_size_error")
      #expect(error["n_ctx"]?.integer == 50)
      #expect(try #require(error["n_prompt_tokens"]?.integer) > 50)
    }
  }

  @Test func `a coded body is refused`() throws {
    try withSimulator { simulator in
      let client = try TestClient(simulator.address)
      client.post("/v1/chat/completions", Self.chat, fields: "Content-Encoding: gzip\r\n")
      #expect(try client.response().head.status == 415)
    }
  }

  @Test func `ambiguous framing gets a status and no body`() throws {
    try withSimulator { simulator in
      let client = try TestClient(simulator.address)
      client.send(
        "POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
          + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
      let response = try client.response()
      #expect(response.head.status == 400)
      #expect(response.body.isEmpty)
    }
  }

  @Test func `a body that is too large is refused before it is read`() throws {
    try withSimulator({ $0.maxBodyBytes = 100 }) { simulator in
      let client = try TestClient(simulator.address)
      client.send("POST /v1/messages HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
      #expect(try client.response().head.status == 413)
    }
  }

  @Test func `a chunked body is read`() throws {
    try withSimulator { simulator in
      let client = try TestClient(simulator.address)
      let half = Self.chat.utf8.count / 2
      let first = Self.chat.prefix(half)
      let second = Self.chat.dropFirst(half)
      client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
          + String(first.utf8.count, radix: 16) + "\r\n\(first)\r\n"
          + String(second.utf8.count, radix: 16) + ";x=y\r\n\(second)\r\n0\r\nA: b\r\n\r\n")
      #expect(try client.response().head.status == 200)
      #expect(simulator.record.requests.last?.body == Array(Self.chat.utf8))
    }
  }

  @Test func `a client that waits for 100 is told to go on`() throws {
    try withSimulator { simulator in
      let client = try TestClient(simulator.address)
      client.send(
        "POST /v1/chat/completions HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
          + "Content-Length: \(Self.chat.utf8.count)\r\n\r\n")
      #expect(try client.readHead().status == 100)
      client.send(Self.chat)
      #expect(try client.response().head.status == 200)
    }
  }

  @Test func `requests are recorded byte for byte and bounded`() throws {
    try withSimulator({ $0.recordedBodies = 2 }) { simulator in
      let client = try TestClient(simulator.address)
      for number in 0..<4 {
        client.post(
          "/tokenize?x=1", #"{"content": "h\u00e9 \#(number)"}"#, fields: "User-Agent: a/1\r\n")
        _ = try client.response()
      }
      let requests = simulator.record.requests
      #expect(
        requests.map { String(decoding: $0.body, as: UTF8.self) }
          == [#"{"content": "h\u00e9 2"}"#, #"{"content": "h\u00e9 3"}"#])
      #expect(requests.last?.target == "/tokenize?x=1")
      #expect(requests.last?.userAgent == "a/1")
    }
  }

  @Test func `an idle connection is closed`() throws {
    try withSimulator({ $0.idleMillis = 50 }) { simulator in
      let client = try TestClient(simulator.address)
      client.get("/health")
      #expect(try client.response().head.status == 200)
      #expect(try client.isClosed())
    }
  }

  @Test func `the last request of a connection is answered with close`() throws {
    try withSimulator({ $0.requestsPerConnection = 3 }) { simulator in
      let client = try TestClient(simulator.address)
      var heads: [Bool] = []
      for _ in 0..<3 {
        client.get("/health")
        heads.append(try client.response().head.keepAlive)
      }
      #expect(heads == [true, true, false])
      #expect(try client.isClosed())
    }
  }

  @Test func `headers of a stream come before the prompt is processed`() throws {
    try withSimulator({ $0.prefillTokensPerSecond = 0.01 }) { simulator in
      let client = try TestClient(simulator.address)
      client.post("/v1/chat/completions", Self.stream)
      #expect(try client.readHead().status == 200)
      #expect(eventually { simulator.record.counts.running == 1 })
      #expect(simulator.record.counts.completed == 0)
    }
  }

  @Test func `a silent stream is kept alive with comments`() throws {
    try withSimulator({
      $0.prefillTokensPerSecond = 0.01
      $0.pingMillis = 5
    }) { simulator in
      let client = try TestClient(simulator.address)
      client.post("/v1/messages", Self.stream)
      _ = try client.readHead()
      // A chunk of three bytes: the comment.
      #expect(try client.next(12) == Array("3\r\n:\n\n\r\n3\r\n:".utf8))
    }
  }

  @Test(arguments: [stream, chat])
  func `a client that leaves during the prompt ends the work at once`(body: String) throws {
    try withSimulator({ $0.prefillTokensPerSecond = 0.01 }) { simulator in
      do {
        let client = try TestClient(simulator.address)
        client.post("/v1/chat/completions", body)
        #expect(eventually { simulator.record.counts.running == 1 })
      }
      #expect(eventually { simulator.record.counts.running == 0 })
      #expect(simulator.record.counts.cancelled == 1)
      #expect(simulator.record.counts.completed == 0)
    }
  }

  @Test func `a client that leaves during the reply ends the work at once`() throws {
    try withSimulator({ $0.generationTokensPerSecond = 1 }) { simulator in
      do {
        let client = try TestClient(simulator.address)
        client.post("/v1/messages", Self.stream)
        _ = try client.readHead()
        try client.read()
      }
      #expect(eventually { simulator.record.counts.running == 0 })
      #expect(simulator.record.counts.cancelled == 1)
    }
  }

  @Test func `a prompt that was given up keeps its whole batches`() throws {
    try withSimulator({
      $0.prefillTokensPerSecond = 100_000
      $0.slots = 1
    }) { simulator in
      let text = SourceText.instructions(sentences: 8_000, seed: 6)
      let body =
        #"{"stream":true,"return_progress":true,"messages":[{"role":"user","content":"\#(text)"}]}"#
      let watcher = try TestClient(simulator.address)
      do {
        let client = try TestClient(simulator.address)
        client.post("/v1/chat/completions", body)
        var processed = 0
        while processed == 0 {
          watcher.get("/slots")
          let slots = try watcher.response().json().elements ?? []
          processed = slots.compactMap { $0["n_prompt_tokens_processed"]?.integer }.max() ?? 0
        }
      }
      #expect(eventually { simulator.record.counts.cancelled == 1 })
      let again = try TestClient(simulator.address).call("/v1/chat/completions", body)
      let cached = try #require(again.events().first?["prompt_progress"]?["cache"]?.integer)
      #expect(cached >= ReplyProgress.batchTokens)
      #expect(cached % ReplyProgress.batchTokens == 0)
    }
  }

  @Test func `a request waits for a busy slot and then runs`() throws {
    try withSimulator({
      $0.slots = 1
      $0.prefillTokensPerSecond = 0.01
    }) { simulator in
      var first: TestClient? = try TestClient(simulator.address)
      first?.post("/v1/chat/completions", Self.stream)
      #expect(eventually { simulator.record.counts.running == 1 })
      let second = try TestClient(simulator.address)
      second.post("/v1/chat/completions", Self.stream)
      #expect(eventually { simulator.record.counts.waiting == 1 })
      first = nil
      #expect(eventually { simulator.record.counts.waiting == 0 })
      #expect(simulator.record.counts.running == 1)
    }
  }

  @Test func `a response chain continues what was stored`() throws {
    try withSimulator { simulator in
      let client = try TestClient(simulator.address)
      let text = SourceText.instructions(sentences: 20, seed: 4)
      let first = try client.call("/v1/responses", #"{"input":"\#(text)"}"#).json()
      let id = try #require(first["id"]?.text)
      let used = try #require(first["usage"]?["total_tokens"]?.integer)
      let second = try client.call(
        "/v1/responses", #"{"input":"go on","previous_response_id":"\#(id)"}"#
      ).json()
      let cached = second["usage"]?["input_tokens_details"]?["cached_tokens"]?.integer
      // The token that ended the first turn was not evaluated.
      #expect(cached == used - 1)
      let unknown = try client.call(
        "/v1/responses", #"{"input":"go on","previous_response_id":"resp_no"}"#)
      #expect(unknown.head.status == 400)
    }
  }

  @Test func `a server without stored responses refuses a chain`() throws {
    try withSimulator({ $0.keepsResponses = false }) { simulator in
      let response = try TestClient(simulator.address).call(
        "/v1/responses", #"{"input":"go on","previous_response_id":"resp_1"}"#)
      #expect(response.head.status == 400)
      #expect(
        try response.json()["error"]?["message"]?.text
          == "llama.cpp does not support 'previous_response_id'.")
    }
  }

  @Test func `status pages tell about slots and totals`() throws {
    try withSimulator({ $0.slots = 2 }) { simulator in
      let client = try TestClient(simulator.address)
      let answer = try client.call("/v1/chat/completions", Self.chat).json()
      let total = try #require(answer["usage"]?["prompt_tokens"]?.integer)
      client.get("/props")
      #expect(try client.response().json()["total_slots"]?.integer == 2)
      client.get("/slots")
      let slots = try #require(try client.response().json().elements)
      #expect(slots.map { $0["is_processing"]?.flag } == [false, false])
      // The last token that was generated is not in it.
      let generated = try #require(answer["usage"]?["completion_tokens"]?.integer)
      #expect(slots[1]["n_prompt_tokens"]?.integer == total + generated - 1)
      client.get("/metrics")
      #expect(try client.response().text.contains("\nllamacpp:prompt_tokens_total \(total)\n"))
      client.get("/v1/models")
      #expect(
        try client.response().json()["data"]?.elements?.first?["id"]?.text == "holdfast-sim")
    }
  }

  @Test func `counted, rendered and tokenised prompts agree with the answer`() throws {
    try withSimulator { simulator in
      let client = try TestClient(simulator.address)
      let total = try client.call("/v1/chat/completions", Self.chat).json()["usage"]?[
        "prompt_tokens"]?.integer
      let counted = try client.call(
        "/v1/messages/count_tokens", #"{"messages":[{"role":"user","content":"hello"}]}"#)
      #expect(try counted.json()["input_tokens"]?.integer == total)
      let prompt = try #require(
        try client.call("/apply-template", Self.chat).json()["prompt"]?.text)
      let tokens = try client.call("/tokenize", #"{"content":\#(JSONText.quoted(prompt))}"#)
      #expect(try tokens.json()["tokens"]?.elements?.count == total)
    }
  }

  @Test func `a generic server has no status pages`() throws {
    try withSimulator({ $0.kind = .generic }) { simulator in
      let client = try TestClient(simulator.address)
      client.get("/slots")
      let response = try client.response()
      #expect(response.head.status == 404)
      #expect(!response.head.fields.contains("server"))
    }
  }

  @Test func `garbage ends its own connection only`() throws {
    try withSimulator { simulator in
      var numbers = SeededNumbers(seed: 77)
      for _ in 0..<60 {
        let client = try TestClient(simulator.address)
        let noise = (0..<200).map { _ in Character(Unicode.Scalar(UInt8(numbers.below(128)))) }
        client.send("POST /v1/messages HTTP/1.1\r\nHost: a\r\n" + String(noise) + "\r\n\r\n")
      }
      let client = try TestClient(simulator.address)
      client.get("/health")
      #expect(try client.response().head.status == 200)
    }
  }

  @Test func `a stopped server leaves no handle behind`() throws {
    let loop = try Loop()
    var options = SimulatorOptions()
    options.prefillTokensPerSecond = 0.01
    let server = try SimulatorServer(loop: loop, options: options)
    let client = try TestClient(server.address)
    client.post("/v1/chat/completions", Self.stream)
    while server.record.counts.running == 0 { loop.runOnce() }
    server.stop()
    try loop.close()
  }
}
