extension ProxyCase {
  private static func line(_ name: String, _ line: String, _ expectation: Expectation) -> ProxyCase
  {
    ProxyCase("9112 3", name, "\(line)\r\nHost: proxy\r\n\r\n", expectation)
  }

  static let requestLines: [ProxyCase] = [
    line("a plain request", "GET /plain HTTP/1.1", .forwards(Sent("/plain"))),
    line(
      "escapes and dots stay as they are", "GET /a%2Fb/../c;d=e?x=%20&y=a+b HTTP/1.1",
      .forwards(Sent("/a%2Fb/../c;d=e?x=%20&y=a+b"))),
    line(
      "an empty line in front of it", "\r\nGET /late HTTP/1.1", .forwards(Sent("/late"))),
    line("no version", "GET /old", Expectation.refused(400, 505).or(.closed)),
    line("HTTP/2.0", "GET / HTTP/2.0", .refused(400, 505)),
    line("HTTP/0.9", "GET / HTTP/0.9", .refused(400, 505)),
    line("lower-case version", "GET / http/1.1", .refused(400, 505)),
    line("version without a dot", "GET / HTTP/11", .refused(400, 505)),
    line("version with two digits", "GET / HTTP/1.10", .refused(400, 505)),
    line("another protocol", "GET / ICY/1.1", .refused(400, 505)),
    line(
      "two spaces", "GET  /two HTTP/1.1", Expectation.refused(400).or(.forwards(Sent("/two")))),
    line(
      "tab instead of space", "GET\t/tab HTTP/1.1",
      Expectation.refused(400, 501).or(.forwards(Sent("/tab")))),
    line("space inside the target", "GET /a b HTTP/1.1", .refused(400)),
    line("space in front", " GET / HTTP/1.1", .refused(400)),
    line(
      "space behind", "GET /end HTTP/1.1 ",
      Expectation.refused(400, 505).or(.forwards(Sent("/end")))),
    line("method that is no token", "GE(T / HTTP/1.1", .refused(400)),
    line(
      "methods are case-sensitive", "get /lower HTTP/1.1",
      Expectation.refused(400, 405, 501).or(.forwards(Sent("/lower", method: "get")))),
    line(
      "unknown method", "BREW /pot HTTP/1.1",
      Expectation.forwards(Sent("/pot", method: "BREW")).or(.refused(405, 501))),
    line("null in the target", "GET /a\0b HTTP/1.1", .refused(400)),
    line("bare CR in the line", "GET /a\rb HTTP/1.1", .refused(400)),
    line("control byte in the target", "GET /a\u{1}b HTTP/1.1", .refused(400)),
    line("delete in the target", "GET /a\u{7F}b HTTP/1.1", .refused(400)),
    line("a letter that is no ASCII", "GET /ä HTTP/1.1", .refused(400)),
    line("fragment", "GET /a#b HTTP/1.1", .refused(400)),
    line("brackets", "GET /a<b> HTTP/1.1", .refused(400)),
    line("quote", "GET /a\"b HTTP/1.1", .refused(400)),
    line("no slash", "GET path HTTP/1.1", .refused(400)),
    line(
      "absolute form", "GET http://proxy/absolute HTTP/1.1",
      .forwards(Sent("/absolute", "http://proxy/absolute"))),
    line(
      "absolute form with another host than Host", "GET http://other/absolute HTTP/1.1",
      Expectation.refused(400, 421)
        .or(.forwards(Sent("/absolute", "http://other/absolute")))),
    line("absolute form of another scheme", "GET ftp://proxy/a HTTP/1.1", .refused(400)),
    line("authority form without CONNECT", "GET proxy:80 HTTP/1.1", .refused(400)),
    line(
      "CONNECT to a server that is no proxy for it", "CONNECT proxy:443 HTTP/1.1",
      .refused(400, 403, 404, 405, 501)),
    line("asterisk without OPTIONS", "GET * HTTP/1.1", .refused(400)),
    line(
      "OPTIONS for the server", "OPTIONS * HTTP/1.1",
      Expectation.forwards(Sent("*", method: "OPTIONS")).or(.status(200, 204))),
    ProxyCase(
      "9112 3", "a line of 8,000 octets",
      "GET /\(repeated("a", 7985)) HTTP/1.1\r\nHost: proxy\r\n\r\n",
      .forwards(Sent("/" + repeated("a", 7985)))),
    ProxyCase(
      "9112 3", "a line of 200,000 octets",
      "GET /\(repeated("a", 200_000)) HTTP/1.1\r\nHost: proxy\r\n\r\n", .refused(414, 400, 431)),
    ProxyCase(
      "9112 2.2", "line feeds alone", "GET /bare HTTP/1.1\nHost: proxy\n\n",
      Expectation.refused(400).or(.forwards(Sent("/bare")))),
    ProxyCase(
      "9112 2.2", "line feed alone behind the request line",
      "GET /bare HTTP/1.1\nHost: proxy\r\n\r\n",
      Expectation.refused(400).or(.forwards(Sent("/bare")))),
    ProxyCase(
      "9112 2.2", "line feed alone as the end of the head",
      "GET /bare HTTP/1.1\r\nHost: proxy\r\n\n",
      Expectation.refused(400).or(.forwards(Sent("/bare")))),
    ProxyCase(
      "9112 2.2", "white space between request line and fields",
      "GET /fold HTTP/1.1\r\n X: y\r\nHost: proxy\r\n\r\n",
      Expectation.refused(400).or(.forwards(Sent("/fold", lacks: ["x"])))),
    ProxyCase(
      "9112 2.2", "half a head", client: [.text("GET / HTTP/1.1\r\nHost: pro"), .end],
      Expectation.refused(400, 408).or(.closed)),
    ProxyCase(
      "9112 2.2", "TLS on a plain port",
      client: [
        .send([0x16, 3, 1, 2, 0, 1, 0, 1, 0xFC, 3, 3] + [UInt8](repeating: 0x0D, count: 40))
      ],
      Expectation.refused(400).or(.closed)),
    ProxyCase(
      "9113 3.4", "the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      Expectation.refused(400, 505).or(.closed)),
  ]

  private static func host(_ name: String, _ lines: String, _ expectation: Expectation) -> ProxyCase
  {
    ProxyCase("9112 3.2", name, "GET /host HTTP/1.1\r\n\(lines)\r\n", expectation)
  }

  private static let sent = Expectation.forwards(Sent("/host"))

  static let hosts: [ProxyCase] = [
    host("no Host", "", .refused(400)),
    host("two different", "Host: a\r\nHost: b\r\n", .refused(400)),
    host("two equal", "Host: a\r\nHost: a\r\n", .refused(400)),
    host("two in different case", "Host: a\r\nhOST: b\r\n", .refused(400)),
    host("a name", "Host: a.example\r\n", sent),
    host("name and port", "Host: a.example:8089\r\n", sent),
    host("empty port", "Host: a.example:\r\n", sent),
    host("IPv6", "Host: [::1]:8089\r\n", sent),
    host("space inside", "Host: a b\r\n", .refused(400)),
    host("list", "Host: a, b\r\n", .refused(400)),
    host("user information", "Host: user@a\r\n", .refused(400)),
    host("path", "Host: a/b\r\n", .refused(400)),
    host("query", "Host: a?b\r\n", .refused(400)),
    host("port that is no number", "Host: a:b\r\n", .refused(400)),
    host("two ports", "Host: a:1:2\r\n", .refused(400)),
    host("open bracket", "Host: [::1\r\n", .refused(400)),
    host("scheme", "Host: http://a\r\n", .refused(400)),
    host("bare CR", "Host: a\rb\r\n", .refused(400)),
    host("null", "Host: a\0b\r\n", .refused(400)),
    ProxyCase(
      "9112 3.2", "HTTP/1.0 without Host", "GET /host HTTP/1.0\r\n\r\n",
      sent.and(.closes)),
    ProxyCase(
      "9112 3.2", "HTTP/1.0 with two", "GET /host HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
      .refused(400)),
  ]

  private static func field(_ name: String, _ lines: String, _ expectation: Expectation)
    -> ProxyCase
  {
    ProxyCase("9112 5", name, "GET /field HTTP/1.1\r\nHost: proxy\r\n\(lines)\r\n", expectation)
  }

  private static let reached = Expectation.forwards(Sent("/field"))

  static let fields: [ProxyCase] = [
    field("space before the colon", "X-A : b\r\n", .refused(400)),
    field("tab before the colon", "X-A\t: b\r\n", .refused(400)),
    field("space before the colon of Host", "Host : b\r\n", .refused(400)),
    field("no colon", "X-A\r\n", .refused(400)),
    field("no name", ": b\r\n", .refused(400)),
    field("space in the name", "X A: b\r\n", .refused(400)),
    field("name that is no token", "X(A): b\r\n", .refused(400)),
    field("null in the name", "X\0A: b\r\n", .refused(400)),
    field("control byte in the name", "X\u{1}A: b\r\n", .refused(400)),
    field("a letter that is no ASCII in the name", "Xä: b\r\n", .refused(400)),
    field(
      "folded value", "X-A: b\r\n c\r\n",
      Expectation.refused(400).or(.forwards(Sent("/field", has: ["x-a: b c"])))),
    field(
      "folded value, with a tab", "X-A: b\r\n\tc\r\n", Expectation.refused(400).or(reached)),
    field("null in the value", "X-A: b\0c\r\n", Expectation.refused(400).or(reached)),
    field("bare CR in the value", "X-A: b\rc\r\n", Expectation.refused(400).or(reached)),
    field("bare CR at the end of the value", "X-A: b\r\r\n", Expectation.refused(400).or(reached)),
    field(
      "bare LF behind the value", "X-A: b\nX-B: c\r\n",
      Expectation.refused(400).or(.forwards(Sent("/field", has: ["x-a: b", "x-b: c"])))),
    field("empty value", "X-A:\r\n", .forwards(Sent("/field", has: ["x-a: "]))),
    field(
      "white space around the value", "X-A: \t b c \t \r\n",
      .forwards(Sent("/field", has: ["x-a: b c"]))),
    field(
      "bytes above ASCII in the value", "X-A: ü\u{20AC}\r\n",
      .forwards(Sent("/field", has: ["x-a: ü\u{20AC}"]))),
    field(
      "repeated names stay apart and in order", "X-A: 1\r\nX-B: 2\r\nX-A: 3\r\n",
      Expectation { seen in
        let values = seen.forwarded.first?.values("x-a") ?? []
        return values == ["1", "3"] || values == ["1, 3"] ? nil : "forwarded \(values)"
      }),
    field(
      "credentials and cookies", "Authorization: Bearer a\r\nCookie: a=b\r\nX-Api-Key: k\r\n",
      .forwards(Sent("/field", has: ["authorization: Bearer a", "cookie: a=b", "x-api-key: k"]))),
    field("one field of 2 MB", "X-A: \(repeated("a", 2_000_000))\r\n", .refused(400, 413, 431)),
    field(
      "20,000 fields", (0..<20_000).map { "X-\($0): a\r\n" }.joined(), .refused(400, 413, 431)),
  ]
}
