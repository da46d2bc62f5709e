extension ProxyCase {
  /// A POST of `hello` with that length, and a smuggled request behind it.
  private static func length(_ name: String, _ value: String, _ expectation: Expectation)
    -> ProxyCase
  {
    ProxyCase(
      "9112 6.3", "length: \(name)", post("/", "Content-Length:\(value)\r\n", "hello" + smuggled),
      expectation)
  }

  private static let bothServed = Expectation.forwards(Sent("/", body: "hello"), Sent("/smuggled"))

  static let lengths: [ProxyCase] = [
    length("5", " 5", bothServed),
    length("leading zeros", " 0005", Expectation.refused(400).or(bothServed)),
    length("plus", " +5", .refused(400)),
    length("minus", " -5", .refused(400)),
    length("hexadecimal", " 0x5", .refused(400)),
    length("fraction", " 5.0", .refused(400)),
    length("exponent", " 5e0", .refused(400)),
    length("two words", " 5 5", .refused(400)),
    length("empty", "", .refused(400)),
    length("letters behind", " 5a", .refused(400)),
    length("semicolon behind", " 5;", .refused(400)),
    length("underscore", " 0_5", .refused(400)),
    length("quoted", " \"5\"", .refused(400)),
    length("Arabic digit", " \u{665}", .refused(400)),
    length("null behind", " 5\0", .refused(400)),
    length("vertical tab in front", " \u{B}5", .refused(400)),
    length("form feed behind", " 5\u{C}", .refused(400)),
    length("2^64 + 5", " 18446744073709551621", .refused(400, 413)),
    length("2^64", " 18446744073709551616", .refused(400, 413)),
    length("2^63", " 9223372036854775808", .refused(400, 413)),
    length("2^32 + 5", " 4294967301", Expectation.refused(400, 413).or(.awaitsMore)),
    length("400 digits", " " + repeated("9", 400), .refused(400, 413)),
    length("list of different", " 5, 6", .refused(400)),
    length("list of the same", " 5, 5", Expectation.refused(400).or(bothServed)),
    length("comma behind", " 5,", .refused(400)),
    length("two different", " 5\r\nContent-Length: 6", .refused(400)),
    length("two different, the other way", " 43\r\nContent-Length: 5", .refused(400)),
    length("two equal", " 5\r\nContent-Length: 5", Expectation.refused(400).or(bothServed)),
    length("two, the second malformed", " 5\r\nContent-Length: x", .refused(400)),
    length("folded", "\r\n 5", Expectation.refused(400).or(bothServed)),
    length("space before the colon, none else", " 5\r\nContent-Length : 44", .refused(400)),
    ProxyCase(
      "9112 6.3", "length: space before the colon",
      post("/", "Content-Length : 5\r\n", "hello" + smuggled), .refused(400)),
    ProxyCase(
      "9112 6.3", "length: null in the name",
      post("/", "Content\0-Length: 5\r\n", "hello" + smuggled), .refused(400)),
    ProxyCase(
      "9112 6.3", "a GET's body is its body",
      "GET / HTTP/1.1\r\nHost: proxy\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n\(smuggled)",
      .forwards(Sent("/", body: smuggled))),
    ProxyCase(
      "9112 6.3", "an OPTIONS' body is its body",
      "OPTIONS / HTTP/1.1\r\nHost: proxy\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n\(smuggled)",
      .forwards(Sent("/", body: smuggled))),
    ProxyCase(
      "9112 6.3", "a HEAD's body is its body",
      "HEAD / HTTP/1.1\r\nHost: proxy\r\nContent-Length: \(smuggled.utf8.count)\r\n\r\n\(smuggled)",
      answers: [Answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n")], methods: ["HEAD"],
      .forwards(Sent("/", body: smuggled))),
    ProxyCase(
      "9112 6.3", "a POST without length or coding has no body", post("/", "") + get("/next"),
      Expectation.forwards(Sent("/"), Sent("/next")).or(.refused(411))),
    ProxyCase(
      "9112 6.3", "a body in pieces, with a request behind",
      client: [
        .text(post("/", "Content-Length: 10\r\n", "he")), .text("ll"),
        .text("ohello" + get("/next")),
      ],
      .forwards(Sent("/", body: "hellohello"), Sent("/next"))),
    ProxyCase(
      "9112 6.3", "a body that ends too early",
      client: [.text(post("/", "Content-Length: 10\r\n", "hello")), .end],
      Expectation.refusedInBody(400, 408)),
  ]

  private static func coding(_ name: String, _ lines: String, _ expectation: Expectation)
    -> ProxyCase
  {
    ProxyCase(
      "9112 6.1", "coding: \(name)",
      post("/", "\(lines)\r\n", "5\r\nhello\r\n0\r\n\r\n" + smuggled),
      expectation)
  }

  /// Body and lines that two readers could read in two ways. Whoever goes by the coding may serve
  /// the request, but has to close the connection behind it.
  private static func contradiction(_ name: String, _ lines: String, _ body: String) -> ProxyCase {
    ProxyCase(
      "9112 6.1", name, post("/", lines, body),
      Expectation.refused(400, 422, 501).or(
        Expectation { seen in
          if let reason = seen.unreadableRequest { return "forwarded: \(reason)" }
          guard seen.forwarded.count == 1, let first = seen.forwarded.first else {
            return "\(seen.forwarded.count) requests forwarded"
          }
          if !["", "hello", smuggled].contains(first.text) {
            return "forwarded body \(first.text)"
          }
          return seen.clientIsOver ? nil : "the connection goes on"
        }))
  }

  static let codings: [ProxyCase] = [
    coding("chunked", "Transfer-Encoding: chunked", bothServed),
    coding("codings ignore case", "Transfer-Encoding: CHUNKED", bothServed),
    coding("identity", "Transfer-Encoding: identity", .refused(400, 501)),
    coding("unknown", "Transfer-Encoding: cow", .refused(400, 501)),
    coding("chunked is not the last", "Transfer-Encoding: chunked, gzip", .refused(400, 501)),
    coding("chunked twice", "Transfer-Encoding: chunked, chunked", .refused(400, 501)),
    coding("prefix", "Transfer-Encoding: xchunked", .refused(400, 501)),
    coding("suffix", "Transfer-Encoding: chunkedx", .refused(400, 501)),
    coding("quoted", "Transfer-Encoding: \"chunked\"", .refused(400, 501)),
    coding("vertical tab", "Transfer-Encoding: \u{B}chunked", .refused(400, 501)),
    coding("null behind", "Transfer-Encoding: chunked\0", .refused(400, 501)),
    coding("parameter", "Transfer-Encoding: chunked;q=1", .refused(400, 501)),
    coding("empty", "Transfer-Encoding:", .refused(400, 501)),
    coding(
      "folded", "Transfer-Encoding:\r\n chunked", Expectation.refused(400, 501).or(bothServed)),
    coding(
      "a second one", "Transfer-Encoding: chunked\r\nTransfer-encoding: cow", .refused(400, 501)),
    coding(
      "a second one, identity", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
      .refused(400, 501)),
    coding("space before the colon", "Transfer-Encoding : chunked", .refused(400, 501)),
    coding(
      "the name with an underscore is another field",
      "Transfer_Encoding: chunked\r\nContent-Length: 15",
      Expectation.refused(400).or(
        .forwards(Sent("/", body: "5\r\nhello\r\n0\r\n\r\n"), Sent("/smuggled")))),
    ProxyCase(
      "9112 6.1", "coding: in HTTP/1.0",
      "POST / HTTP/1.0\r\nHost: proxy\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
        + smuggled,
      Expectation.refused(400, 501).or(
        Expectation.forwards(Sent("/", body: "hello")).and(.closes))),
    ProxyCase(
      "9112 6.1", "coding: in HTTP/1.0 with keep-alive",
      "POST / HTTP/1.0\r\nHost: proxy\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n"
        + "5\r\nhello\r\n0\r\n\r\n" + smuggled,
      Expectation.refused(400, 501).or(
        Expectation.forwards(Sent("/", body: "hello")).and(.closes))),
    ProxyCase(
      "9112 6.1", "coding: of a GET",
      get("/", "Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n0\r\n\r\n" + smuggled, bothServed),
    contradiction(
      "CL.TE", "Content-Length: 44\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n" + smuggled),
    contradiction(
      "TE.CL", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
      "27\r\n\(smuggled)\r\n0\r\n\r\n"),
    contradiction(
      "CL.TE, 0", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n",
      "5\r\nhello\r\n0\r\n\r\n" + smuggled),
    contradiction(
      "TE.TE, the second obscured", "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n",
      "0\r\n\r\n" + smuggled),
    contradiction(
      "TE.TE, the first obscured", "Transfer-Encoding: x\r\nTransfer-Encoding: chunked\r\n",
      "0\r\n\r\n" + smuggled),
    contradiction(
      "TE behind a bare LF", "X: y\nTransfer-Encoding: chunked\r\nContent-Length: 44\r\n",
      "0\r\n\r\n" + smuggled),
    contradiction(
      "TE behind a bare CR", "X: y\rTransfer-Encoding: chunked\r\nContent-Length: 44\r\n",
      "0\r\n\r\n" + smuggled),
    contradiction(
      "TE with a space before the colon, and CL",
      "Transfer-Encoding : chunked\r\nContent-Length: 44\r\n", "0\r\n\r\n" + smuggled),
    contradiction(
      "TE folded, and CL", "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length : 44\r\n",
      "0\r\n\r\n" + smuggled),
  ]

  /// A chunked POST with this body, and a smuggled request behind it.
  private static func chunked(_ name: String, _ body: String, _ expectation: Expectation)
    -> ProxyCase
  {
    ProxyCase(
      "9112 7.1", name, post("/", "Transfer-Encoding: chunked\r\n", body + smuggled), expectation)
  }

  static let chunks: [ProxyCase] = [
    chunked("one chunk", "5\r\nhello\r\n0\r\n\r\n", bothServed),
    chunked("three chunks", "2\r\nhe\r\n1\r\nl\r\n2\r\nlo\r\n0\r\n\r\n", bothServed),
    chunked("leading zeros", "005\r\nhello\r\n000\r\n\r\n", bothServed),
    chunked(
      "upper-case digit", "A\r\nhellohello\r\n0\r\n\r\n",
      .forwards(Sent("/", body: "hellohello"), Sent("/smuggled"))),
    chunked(
      "2,000 chunks of one byte", repeated("1\r\na\r\n", 2000) + "0\r\n\r\n",
      .forwards(Sent("/", body: repeated("a", 2000)), Sent("/smuggled"))),
    chunked("extension", "5;a=b\r\nhello\r\n0\r\n\r\n", bothServed),
    chunked("quoted extension", "5;a=\"b;\\\"c\"\r\nhello\r\n0;d\r\n\r\n", bothServed),
    chunked("trailer", "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", bothServed),
    chunked(
      "a trailer is no header field", "5\r\nhello\r\n0\r\nX-Role: admin\r\n\r\n",
      .forwards(Sent("/", body: "hello", lacks: ["x-role"]), Sent("/smuggled"))),
    chunked(
      "framing in the trailer is ignored or refused",
      "5\r\nhello\r\n0\r\nContent-Length: 43\r\nTransfer-Encoding: chunked\r\n\r\n",
      bothServed.or(.refusedInBody(400))),
    chunked("bare LF behind the size", "5\nhello\r\n0\r\n\r\n", bothServed.or(.refusedInBody(400))),
    chunked("bare CR behind the size", "5\rhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("no line end behind the data", "5\r\nhello0\r\n\r\n", .refusedInBody(400)),
    chunked(
      "bare LF behind the data", "5\r\nhello\n0\r\n\r\n", bothServed.or(.refusedInBody(400))),
    chunked("two bytes behind the data", "5\r\nhelloXX0\r\n\r\n", .refusedInBody(400)),
    chunked("more data than the size", "4\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("empty size", "\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("no digit", "x\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("letter behind the size", "5g\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("plus", "+5\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("minus", "-5\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("0x", "0x5\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("space in front", " 5\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("space behind", "5 \r\nhello\r\n0\r\n\r\n", bothServed.or(.refusedInBody(400))),
    chunked("two words", "5 5\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("underscore", "0_5\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("null behind the size", "5\0\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("2^64 + 5", "10000000000000005\r\nhello\r\n0\r\n\r\n", .refusedInBody(400, 413)),
    chunked("2^63 + 5", "8000000000000005\r\nhello\r\n0\r\n\r\n", .refusedInBody(400, 413)),
    chunked(
      "2^32 + 5", "100000005\r\nhello\r\n0\r\n\r\n",
      Expectation.refusedInBody(400, 413).or(.awaitsMore)),
    chunked(
      "65 digits", repeated("0", 64) + "5\r\nhello\r\n0\r\n\r\n",
      bothServed.or(.refusedInBody(400))),
    chunked(
      "bare LF inside an extension", "5;a\nhello\r\n0\r\n\r\n", bothServed.or(.refusedInBody(400))),
    chunked("bare CR inside an extension", "5;a\rb\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked("null inside an extension", "5;a\0b\r\nhello\r\n0\r\n\r\n", .refusedInBody(400)),
    chunked(
      "an extension of 300 KB", "5;a=\(repeated("b", 300_000))\r\nhello\r\n0\r\n\r\n",
      .refusedInBody(400, 413, 431)),
    chunked(
      "a trailer of 300 KB", "5\r\nhello\r\n0\r\nX-A: \(repeated("b", 300_000))\r\n\r\n",
      .refusedInBody(400, 413, 431)),
    chunked("a trailer without a colon", "5\r\nhello\r\n0\r\nX-A\r\n\r\n", .refusedInBody(400)),
    chunked(
      "a trailer with a space before its colon", "5\r\nhello\r\n0\r\nX-A : b\r\n\r\n",
      .refusedInBody(400)),
    ProxyCase(
      "9112 8", "a chunked body that ends in a chunk",
      client: [.text(post("/", "Transfer-Encoding: chunked\r\n", "5\r\nhel")), .end],
      .refusedInBody(400, 408)),
    ProxyCase(
      "9112 8", "a chunked body that ends behind a chunk",
      client: [.text(post("/", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n")), .end],
      .refusedInBody(400, 408)),
    ProxyCase(
      "9112 8", "a chunked body that ends before its last line",
      client: [.text(post("/", "Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n")), .end],
      .refusedInBody(400, 408)),
  ]
}
