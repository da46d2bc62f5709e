extension ProxyCase {
  private static let sayingClose = Answer(
    "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nfine", .end)

  static let persistence: [ProxyCase] = [
    ProxyCase(
      "9112 9.3", "requests one after the other",
      client: [.text(get("/1")), .awaitResponses(1), .text(get("/2")), .awaitResponses(2)],
      Expectation.forwards(Sent("/1"), Sent("/2")).and(.answers((200, "fine"), (200, "fine")))),
    ProxyCase(
      "9112 9.3", "an upstream that closes ends its own connection only",
      client: [.text(get("/1")), .awaitResponses(1), .text(get("/2")), .awaitResponses(2)],
      answers: [sayingClose],
      Expectation.forwards(Sent("/1"), Sent("/2")).and(.answers((200, "fine"), (200, "fine")))),
    ProxyCase(
      "9112 9.3", "pipelined requests are answered in order", get("/1") + get("/2") + get("/3"),
      answers: ["a", "b", "c"].map { Answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n\($0)") },
      Expectation.forwards(Sent("/1"), Sent("/2"), Sent("/3"))
        .and(.answers((200, "a"), (200, "b"), (200, "c")))),
    ProxyCase(
      "9112 9.3", "pipelined requests with bodies",
      post("/1", "Content-Length: 5\r\n", "hello")
        + post("/2", "Transfer-Encoding: chunked\r\n", "2\r\nhi\r\n0\r\n\r\n") + get("/3"),
      .forwards(Sent("/1", body: "hello"), Sent("/2", body: "hi"), Sent("/3"))),
    ProxyCase(
      "9112 9.3", "pipelined requests before the end of the client's data",
      client: [.text(get("/1") + get("/2")), .end],
      Expectation.forwards(Sent("/1"), Sent("/2")).and(.answers((200, "fine"), (200, "fine")))),
    ProxyCase(
      "9112 9.6", "close is kept to", get("/1", "Connection: close\r\n"),
      Expectation.answers((200, "fine")).and(.closes).and(.head(has: ["connection: close"]))),
    ProxyCase(
      "9112 9.6", "close ignores case", get("/1", "Connection: CLOSE\r\n"),
      Expectation.answers((200, "fine")).and(.closes)),
    ProxyCase(
      "9112 9.6", "close in a list", get("/1", "Connection: x, close\r\n"),
      Expectation.answers((200, "fine")).and(.closes)),
    ProxyCase(
      "9112 9.6", "nothing behind close is served", get("/1", "Connection: close\r\n") + smuggled,
      Expectation.forwards(Sent("/1")).and(.closes)),
    ProxyCase(
      "9112 9.6", "close goes to this connection only",
      get("/1", "Connection: close\r\n"), .forwards(Sent("/1"))),
    ProxyCase(
      "9112 9.3", "HTTP/1.0 closes", "GET /1 HTTP/1.0\r\nHost: proxy\r\n\r\n",
      Expectation.answers((200, "fine")).and(.closes)),
    ProxyCase(
      "9112 9.3", "HTTP/1.0 with keep-alive and a known length",
      client: [
        .text("GET /1 HTTP/1.0\r\nHost: proxy\r\nConnection: keep-alive\r\n\r\n"),
        .awaitResponses(1),
      ],
      Expectation.answers((200, "fine")).and(
        Expectation.head(has: ["connection: keep-alive"]).or(.closes))),
    ProxyCase(
      "9112 9.3", "two requests in the same packet as the answer to the first",
      client: [
        .text(post("/1", "Content-Length: 5\r\n", "hello")), .awaitResponses(1),
        .text(get("/2") + get("/3")),
      ],
      .forwards(Sent("/1", body: "hello"), Sent("/2"), Sent("/3"))),
  ]

  static let hopByHop: [ProxyCase] = [
    ProxyCase(
      "9110 7.6.1", "fields that Connection names",
      get("/", "Connection: X-Drop, close, X-Other\r\nX-Drop: 1\r\nX-Other: 2\r\nX-Kept: 3\r\n"),
      .forwards(Sent("/", has: ["x-kept: 3"], lacks: ["x-drop", "x-other"]))),
    ProxyCase(
      "9110 7.6.1", "fields that a second Connection names",
      get("/", "Connection: a\r\nConnection: X-Drop\r\nX-Drop: 1\r\n"),
      .forwards(Sent("/", lacks: ["x-drop"]))),
    ProxyCase(
      "9110 7.6.1", "Keep-Alive, Proxy-Connection, TE",
      get("/", "Keep-Alive: timeout=9\r\nProxy-Connection: keep-alive\r\nTE: gzip\r\n"),
      .forwards(Sent("/", lacks: ["keep-alive", "proxy-connection", "te"]))),
    ProxyCase(
      "9110 7.6.1", "Connection cannot take the length away",
      post("/", "Connection: Content-Length\r\nContent-Length: 5\r\n", "hello") + get("/next"),
      Expectation.forwards(Sent("/", body: "hello"), Sent("/next")).or(.refused(400))),
    ProxyCase(
      "9110 7.6.1", "Connection cannot take Host away", get("/", "Connection: Host\r\n"),
      Expectation.forwards(Sent("/")).or(.refused(400))),
    ProxyCase(
      "9110 7.6.1", "of a response", get("/"),
      answers: [
        Answer(
          "HTTP/1.1 200 OK\r\nConnection: X-Drop\r\nX-Drop: 1\r\nKeep-Alive: timeout=9\r\n"
            + "X-Kept: 2\r\nContent-Length: 4\r\n\r\nfine")
      ],
      Expectation.answers((200, "fine"))
        .and(.head(has: ["x-kept: 2"], lacks: ["x-drop", "keep-alive"]))),
    ProxyCase(
      "9110 7.6.1", "the upstream's close is not the client's",
      client: [.text(get("/1")), .awaitResponses(1), .text(get("/2")), .awaitResponses(2)],
      answers: [sayingClose], .answers((200, "fine"), (200, "fine"))),
    ProxyCase(
      "9110 7.6.2", "OPTIONS that may not be forwarded",
      "OPTIONS /far HTTP/1.1\r\nHost: proxy\r\nMax-Forwards: 0\r\n\r\n",
      .refused(200, 204)),
    ProxyCase(
      "9110 7.6.2", "OPTIONS that may go one further",
      "OPTIONS /far HTTP/1.1\r\nHost: proxy\r\nMax-Forwards: 3\r\n\r\n",
      .forwards(Sent("/far", has: ["max-forwards: 2"]))),
    ProxyCase(
      "9110 7.6.2", "TRACE that may not be forwarded",
      "TRACE /far HTTP/1.1\r\nHost: proxy\r\nMax-Forwards: 0\r\n\r\n",
      .refused(200, 403, 405, 501)),
    ProxyCase(
      "9110 7.6.2", "GET is not counted", get("/", "Max-Forwards: 0\r\n"),
      .forwards(Sent("/", has: ["max-forwards: 0"]))),
    ProxyCase(
      "9110 7.6.3", "Via says who passed the request on", get("/"),
      Expectation { seen in
        seen.forwarded.first?.values("via").isEmpty == false ? nil : "no Via forwarded"
      }),
    ProxyCase(
      "9110 7.6.3", "Via of others is kept", get("/", "Via: 1.0 other\r\n"),
      Expectation { seen in
        let via = seen.forwarded.first?.values("via").joined(separator: ", ") ?? ""
        return via.hasPrefix("1.0 other, 1.1 ") ? nil : "forwarded Via: \(via)"
      }),
    ProxyCase(
      "9110 7.8", "an offer to upgrade is not passed on, or whole",
      get(
        "/",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
          + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
      Expectation.forwards(Sent("/", lacks: ["upgrade"])).or(
        .forwards(Sent("/", has: ["upgrade: websocket", "connection: upgrade"])))),
    ProxyCase(
      "9110 7.8", "an upgrade to h2c is not passed on",
      get(
        "/", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"),
      .forwards(Sent("/", lacks: ["upgrade", "http2-settings"]))),
    ProxyCase(
      "9110 7.8", "an upgrade nobody asked for", get("/"),
      answers: [Answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nbytes")],
      .visiblyBroken),
  ]

  static let expectations: [ProxyCase] = [
    ProxyCase(
      "9110 10.1.1", "a client that waits is told to go on",
      client: [
        .text(post("/", "Expect: 100-continue\r\nContent-Length: 5\r\n")), .awaitInterim,
        .text("hello"),
      ],
      Expectation.forwards(Sent("/", body: "hello")).and(.interims(100))),
    ProxyCase(
      "9110 10.1.1", "the same with a chunked body",
      client: [
        .text(post("/", "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n")), .awaitInterim,
        .text("5\r\nhello\r\n0\r\n\r\n"),
      ],
      Expectation.forwards(Sent("/", body: "hello")).and(.interims(100))),
    ProxyCase(
      "9110 10.1.1", "a client that does not wait",
      post("/", "Expect: 100-continue\r\nContent-Length: 5\r\n", "hello") + get("/next"),
      .forwards(Sent("/", body: "hello"), Sent("/next"))),
    ProxyCase(
      "9110 10.1.1", "HTTP/1.0 is told nothing",
      client: [
        .text(
          "POST / HTTP/1.0\r\nHost: proxy\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"),
        .text("hello"),
      ],
      Expectation.forwards(Sent("/", body: "hello")).and(.interims())),
    ProxyCase(
      "9110 10.1.1", "without a body", get("/", "Expect: 100-continue\r\n"),
      .forwards(Sent("/"))),
    ProxyCase(
      "9110 10.1.1", "something else is expected", get("/", "Expect: miracles\r\n"),
      Expectation.forwards(Sent("/")).or(.refused(417))),
  ]
}
