extension ProxyCase {
  private static func answered(
    _ section: String, _ name: String, _ response: String, _ ending: Answer.Ending,
    _ expectation: Expectation
  ) -> ProxyCase {
    ProxyCase(section, name, get("/"), answers: [Answer(response, ending)], expectation)
  }

  /// Followed by another request, whose answer must be its own.
  private static func followed(
    _ section: String, _ name: String, method: String = "GET", _ response: String,
    _ expectation: Expectation
  ) -> ProxyCase {
    ProxyCase(
      section, name,
      client: [
        .text("\(method) /1 HTTP/1.1\r\nHost: proxy\r\n\r\n"), .awaitResponses(1), .text(get("/2")),
        .awaitResponses(2),
      ],
      answers: [Answer(response), .fine], methods: [method], expectation)
  }

  /// A fault in the response's head: a proxy either refuses it or passes it on in a form that has
  /// one meaning.
  private static func head(_ name: String, _ response: String, _ expectation: Expectation)
    -> ProxyCase
  {
    answered("9112 4", name, response, .end, expectation)
  }

  private static let fine = Expectation.answers((200, "fine"))
  private static let length = "Content-Length: 4\r\n\r\nfine"

  static let heads: [ProxyCase] = [
    head("a plain response", "HTTP/1.1 200 OK\r\n\(length)", fine),
    head("no phrase", "HTTP/1.1 200 \r\n\(length)", fine),
    head("no phrase and no space", "HTTP/1.1 200\r\n\(length)", fine.or(.visiblyBroken)),
    head("HTTP/1.0", "HTTP/1.0 200 OK\r\n\(length)", fine),
    head("no HTTP", "nonsense\r\n\r\n", .visiblyBroken),
    head("no version", "200 OK\r\n\(length)", .visiblyBroken),
    head("HTTP/2", "HTTP/2 200 OK\r\n\(length)", .visiblyBroken),
    head("HTTP/0.9", "fine", .visiblyBroken),
    head("another protocol", "ICY 200 OK\r\n\(length)", .visiblyBroken),
    head("two digits of status", "HTTP/1.1 20 OK\r\n\(length)", .visiblyBroken),
    head("four digits of status", "HTTP/1.1 2000 OK\r\n\(length)", .visiblyBroken),
    head("status that is no number", "HTTP/1.1 2x0 OK\r\n\(length)", .visiblyBroken),
    head("status 099", "HTTP/1.1 099 OK\r\n\(length)", .visiblyBroken),
    head("null in the phrase", "HTTP/1.1 200 O\0K\r\n\(length)", fine.or(.visiblyBroken)),
    head("bare LF", "HTTP/1.1 200 OK\nContent-Length: 4\n\nfine", fine.or(.visiblyBroken)),
    head(
      "space before the colon", "HTTP/1.1 200 OK\r\nX-A : b\r\n\(length)", fine.or(.visiblyBroken)),
    head("folded value", "HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\n\(length)", fine.or(.visiblyBroken)),
    head("no colon", "HTTP/1.1 200 OK\r\nX-A\r\n\(length)", fine.or(.visiblyBroken)),
    head("null in a value", "HTTP/1.1 200 OK\r\nX-A: b\0c\r\n\(length)", fine.or(.visiblyBroken)),
    head(
      "bare CR in a value", "HTTP/1.1 200 OK\r\nX-A: b\rc\r\n\(length)", fine.or(.visiblyBroken)),
    head("a head without an end", "HTTP/1.1 200 OK\r\nX-A: b\r\n", .visiblyBroken),
    head("nothing at all", "", .visiblyBroken),
    answered("9112 4", "a reset before the head", "", .reset, .visiblyBroken),
    answered("9112 4", "a reset in the head", "HTTP/1.1 200 O", .reset, .visiblyBroken),
    head(
      "repeated fields stay apart",
      "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\(length)",
      fine.and(.head(has: ["set-cookie: a=1", "set-cookie: b=2"]))),
    head(
      "bytes above ASCII", "HTTP/1.1 200 OK\r\nX-A: ü\r\n\(length)",
      fine.and(.head(has: ["x-a: ü"]))),
    answered(
      "9110 15.2", "103 comes before the answer",
      "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n\(length)", .stay,
      fine.and(Expectation.interims(103).or(.interims()))),
    answered(
      "9110 15.2", "100 that nobody asked for",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\(length)", .stay, fine),
    ProxyCase(
      "9110 15.2", "HTTP/1.0 gets no interim response", "GET / HTTP/1.0\r\nHost: proxy\r\n\r\n",
      answers: [Answer("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\(length)")],
      fine.and(.interims())),
    answered(
      "9110 15.2", "an interim response and then nothing", "HTTP/1.1 102 Processing\r\n\r\n", .end,
      .visiblyBroken),
  ]

  private static func body(
    _ name: String, _ response: String, _ ending: Answer.Ending, _ expectation: Expectation
  ) -> ProxyCase {
    answered("9112 6.3", "response: \(name)", "HTTP/1.1 200 OK\r\n\(response)", ending, expectation)
  }

  private static func chunkedBody(
    _ name: String, _ chunks: String, _ ending: Answer.Ending, _ expectation: Expectation
  ) -> ProxyCase {
    answered(
      "9112 7.1", "response: \(name)",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)", ending, expectation)
  }

  static let bodies: [ProxyCase] = [
    body("until the end of the connection", "\r\nfine", .end, fine),
    body("until a reset", "\r\nfine", .reset, .visiblyBroken),
    body("shorter than its length", "Content-Length: 9\r\n\r\nfine", .end, .visiblyBroken),
    body("shorter than its length, reset", "Content-Length: 9\r\n\r\nfine", .reset, .visiblyBroken),
    body(
      "two different lengths", "Content-Length: 4\r\nContent-Length: 5\r\n\r\nfine!", .end,
      .visiblyBroken),
    body(
      "two equal lengths", "Content-Length: 4\r\nContent-Length: 4\r\n\r\nfine", .end,
      fine.or(.visiblyBroken)),
    body("list of different lengths", "Content-Length: 4, 5\r\n\r\nfine!", .end, .visiblyBroken),
    body("length that is no number", "Content-Length: x\r\n\r\nfine", .end, .visiblyBroken),
    body("negative length", "Content-Length: -4\r\n\r\nfine", .end, .visiblyBroken),
    body("length with a plus", "Content-Length: +4\r\n\r\nfine", .end, .visiblyBroken),
    body(
      "length of 2^64 + 4", "Content-Length: 18446744073709551620\r\n\r\nfine", .end, .visiblyBroken
    ),
    body(
      "length and coding",
      "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n",
      .end, fine.and(.head(lacks: ["content-length"])).or(.visiblyBroken)),
    body(
      "coding that is unknown", "Transfer-Encoding: cow\r\n\r\nfine", .end, .visiblyBroken),
    body(
      "chunked twice", "Transfer-Encoding: chunked, chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n", .end,
      .visiblyBroken),
    answered(
      "9112 6.1", "response: coding in HTTP/1.0",
      "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n", .end,
      fine.or(.visiblyBroken)),
    followed(
      "9112 6.3", "response: more than its length",
      "HTTP/1.1 200 OK\r\n\(length)HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
      .answers((200, "fine"), (200, "fine"))),
    followed(
      "9112 6.3", "response: more than its length, no HTTP", "HTTP/1.1 200 OK\r\n\(length)surplus",
      .answers((200, "fine"), (200, "fine"))),
    followed(
      "9112 6.3", "response: to HEAD, with its length", method: "HEAD",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
      Expectation.answers((200, ""), (200, "fine")).and(.head(has: ["content-length: 9"]))),
    followed(
      "9112 6.3", "response: to HEAD, with a body", method: "HEAD",
      "HTTP/1.1 200 OK\r\nContent-Length: 38\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      .answers((200, ""), (200, "fine"))),
    followed(
      "9112 6.3", "response: to HEAD, with a coding", method: "HEAD",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
      .answers((200, ""), (200, "fine"))),
    followed(
      "9112 6.3", "response: 204", "HTTP/1.1 204 No Content\r\n\r\n",
      Expectation.answers((204, ""), (200, "fine"))
        .and(.head(lacks: ["content-length", "transfer-encoding"]))),
    followed(
      "9112 6.3", "response: 204 with a body",
      "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
      .answers((204, ""), (200, "fine"))),
    followed(
      "9112 6.3", "response: 304 with the length of what it stands for",
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", .answers((304, ""), (200, "fine"))),
    followed(
      "9112 6.3", "response: 304 with a coding",
      "HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n",
      .answers((304, ""), (200, "fine"))),
    followed(
      "9112 6.3", "response: empty", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      .answers((200, ""), (200, "fine"))),
    ProxyCase(
      "9112 6.3", "response: HTTP/1.0 gets no chunks", "GET / HTTP/1.0\r\nHost: proxy\r\n\r\n",
      answers: [
        Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\n")
      ],
      fine.and(.head(lacks: ["transfer-encoding"])).and(.closes)),
    ProxyCase(
      "9112 6.3", "response: HTTP/1.0 and a reset in the middle",
      "GET / HTTP/1.0\r\nHost: proxy\r\n\r\n",
      answers: [
        Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n", .reset)
      ], .visiblyBroken),
    chunkedBody("chunks", "2\r\nfi\r\n2\r\nne\r\n0\r\n\r\n", .stay, fine),
    chunkedBody("extensions", "4;a=b\r\nfine\r\n0\r\n\r\n", .stay, fine),
    chunkedBody("trailer", "4\r\nfine\r\n0\r\nX-Sum: 1\r\n\r\n", .stay, fine),
    chunkedBody(
      "framing in the trailer", "4\r\nfine\r\n0\r\nContent-Length: 1\r\n\r\n", .stay,
      fine.and(.head(lacks: ["content-length"]))),
    chunkedBody("ends in a chunk", "9\r\nfine", .end, .visiblyBroken),
    chunkedBody("ends behind a chunk", "4\r\nfine\r\n", .end, .visiblyBroken),
    chunkedBody("ends in a size", "4\r\nfine\r\n1", .end, .visiblyBroken),
    chunkedBody("ends before its last line", "4\r\nfine\r\n0\r\n", .end, .visiblyBroken),
    chunkedBody("is reset behind a chunk", "4\r\nfine\r\n", .reset, .visiblyBroken),
    chunkedBody("malformed size", "4\r\nfine\r\nzz\r\n", .stay, .visiblyBroken),
    chunkedBody("size of 2^64 + 4", "10000000000000004\r\nfine\r\n0\r\n\r\n", .end, .visiblyBroken),
    chunkedBody("negative size", "-4\r\nfine\r\n0\r\n\r\n", .end, .visiblyBroken),
    chunkedBody("no line end behind the data", "4\r\nfineXX0\r\n\r\n", .end, .visiblyBroken),
    followed(
      "9112 7.1", "response: more than its last chunk",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfine\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n"
        + "Content-Length: 4\r\n\r\nevil",
      .answers((200, "fine"), (200, "fine"))),
    ProxyCase(
      "9110 15.5.14", "an early answer while the body is on its way",
      client: [
        .text(post("/", "Content-Length: 8000000\r\n")),
        .send([UInt8](repeating: 0x61, count: 8_000_000)),
      ],
      answers: [
        Answer(
          "HTTP/1.1 413 Too Much\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine",
          isEarly: true)
      ], .answers((413, "fine"))),
  ]

  static let limits: [ProxyCase] = [
    answered(
      "9110 5.4", "response: a field of 32 KB",
      "HTTP/1.1 200 OK\r\nX-A: \(repeated("a", 32_768))\r\n\(length)", .stay, fine),
    answered(
      "9110 5.4", "response: a field of 4 MB",
      "HTTP/1.1 200 OK\r\nX-A: \(repeated("a", 4_000_000))\r\n\(length)", .stay, .visiblyBroken),
    ProxyCase(
      "9110 5.4", "request: a field of 16 KB", get("/", "X-A: \(repeated("a", 16_384))\r\n"),
      .forwards(Sent("/", has: ["x-a: " + repeated("a", 16_384)]))),
    ProxyCase(
      "9110 5.4", "request: 90 fields", get("/", (0..<90).map { "X-\($0): a\r\n" }.joined()),
      .forwards(Sent("/", has: ["x-0: a", "x-89: a"]))),
  ]
}
