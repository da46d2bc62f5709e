import TestSupport
import Testing
import Wire

private func line(
  _ name: String, _ line: String, _ outcome: ConformanceCase.Outcome, section: String = "9112 3"
) -> ConformanceCase {
  ConformanceCase(section, name, line + "\r\nHost: a\r\n\r\n", outcome)
}

private let lines: [ConformanceCase] = [
  line("plain GET", "GET / HTTP/1.1", .accepted("GET / 1.1 none")),
  line(
    "any token is a method", "M-SEARCH~!#$%&'*+.^_`|9 / HTTP/1.1",
    .accepted("M-SEARCH~!#$%&'*+.^_`|9 / 1.1 none")),
  line("methods keep their case", "get / HTTP/1.1", .accepted("get / 1.1 none")),
  line("two spaces behind the method", "GET  / HTTP/1.1", .refused(.malformedTarget)),
  line("two spaces before the version", "GET /  HTTP/1.1", .refused(.malformedTarget)),
  line("tab behind the method", "GET\t/ HTTP/1.1", .refused(.malformedRequestLine)),
  line("tab before the version", "GET /\tHTTP/1.1", .refused(.malformedRequestLine)),
  line("leading space", " GET / HTTP/1.1", .refused(.malformedRequestLine)),
  line("leading tab", "\tGET / HTTP/1.1", .refused(.malformedRequestLine)),
  line("trailing space", "GET / HTTP/1.1 ", .refused(.malformedRequestLine)),
  line("trailing tab", "GET / HTTP/1.1\t", .refused(.malformedRequestLine)),
  line("space inside the target", "GET /a b HTTP/1.1", .refused(.malformedTarget)),
  line("no target", "GET HTTP/1.1", .refused(.malformedRequestLine)),
  line("empty target", "GET  HTTP/1.1", .refused(.malformedRequestLine)),
  line("no version", "GET /", .refused(.malformedRequestLine)),
  line("only a method", "GET", .refused(.malformedRequestLine)),
  line("method with a colon", "GE:T / HTTP/1.1", .refused(.malformedRequestLine)),
  line("method with a slash", "GE/T / HTTP/1.1", .refused(.malformedRequestLine)),
  line("method outside ASCII", "GÉT / HTTP/1.1", .refused(.malformedRequestLine)),
  line("method in parentheses", "(GET) / HTTP/1.1", .refused(.malformedRequestLine)),
  line("null in the method", "G\0ET / HTTP/1.1", .refused(.malformedRequestLine)),
  line("null first", "\0GET / HTTP/1.1", .refused(.malformedRequestLine)),
  line("carriage return in the line", "GET / HTTP/1.1\r", .refused(.bareCarriageReturn)),
  line("carriage return as separator", "GET\r/ HTTP/1.1", .refused(.bareCarriageReturn)),
  line("form feed as separator", "GET\u{0C}/ HTTP/1.1", .refused(.malformedRequestLine)),
  line("vertical tab as separator", "GET\u{0B}/ HTTP/1.1", .refused(.malformedRequestLine)),
  line("no-break space as separator", "GET\u{A0}/ HTTP/1.1", .refused(.malformedRequestLine)),
  line("CONNECT", "CONNECT a:443 HTTP/1.1", .refused(.connectNotSupported), section: "9110 9.3.6"),
  line(
    "CONNECT with a path", "CONNECT /a HTTP/1.1", .refused(.connectNotSupported),
    section: "9110 9.3.6"),
  line(
    "connect in lower case is another method", "connect /a HTTP/1.1",
    .accepted("connect /a 1.1 none"), section: "9110 9.1"),
]

private func version(
  _ name: String, _ version: String, _ outcome: ConformanceCase.Outcome
) -> ConformanceCase {
  line(name, "GET / " + version, outcome, section: "9112 2.3")
}

private let versions: [ConformanceCase] = [
  version("1.0", "HTTP/1.0", .accepted("GET / 1.0 none closes")),
  version("1.2 is understood as 1.1", "HTTP/1.2", .accepted("GET / 1.1 none")),
  version("1.9 is understood as 1.1", "HTTP/1.9", .accepted("GET / 1.1 none")),
  version("2.0", "HTTP/2.0", .refused(.unsupportedVersion)),
  version("3.0", "HTTP/3.0", .refused(.unsupportedVersion)),
  version("9.9", "HTTP/9.9", .refused(.unsupportedVersion)),
  version("0.9", "HTTP/0.9", .refused(.unsupportedVersion)),
  version("0.0", "HTTP/0.0", .refused(.unsupportedVersion)),
  version("lower case", "http/1.1", .refused(.malformedRequestLine)),
  version("mixed case", "Http/1.1", .refused(.malformedRequestLine)),
  version("no minor", "HTTP/1", .refused(.malformedRequestLine)),
  version("empty minor", "HTTP/1.", .refused(.malformedRequestLine)),
  version("empty major", "HTTP/.1", .refused(.malformedRequestLine)),
  version("two-digit minor", "HTTP/1.10", .refused(.malformedRequestLine)),
  version("two-digit major", "HTTP/11.1", .refused(.malformedRequestLine)),
  version("leading zero", "HTTP/01.1", .refused(.malformedRequestLine)),
  version("comma", "HTTP/1,1", .refused(.malformedRequestLine)),
  version("space inside", "HTTP/1. 1", .refused(.malformedRequestLine)),
  version("space behind the slash", "HTTP/ 1.1", .refused(.malformedRequestLine)),
  version("letters", "HTTP/x.y", .refused(.malformedRequestLine)),
  version("minus", "HTTP/-1.1", .refused(.malformedRequestLine)),
  version("other protocol", "ICAP/1.0", .refused(.malformedRequestLine)),
  version("no slash", "HTTP 1.1", .refused(.malformedRequestLine)),
  version("garbage behind", "HTTP/1.1x", .refused(.malformedRequestLine)),
]

private func raw(
  _ name: String, _ input: String, _ outcome: ConformanceCase.Outcome
) -> ConformanceCase {
  ConformanceCase("9112 2.2", name, input, outcome)
}

private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

private let messages: [ConformanceCase] = [
  raw("one empty line in front", "\r\n" + get, .accepted("GET / 1.1 none")),
  raw("four empty lines in front", "\r\n\r\n\r\n\r\n" + get, .accepted("GET / 1.1 none")),
  raw("five empty lines in front", "\r\n\r\n\r\n\r\n\r\n" + get, .refused(.malformedRequestLine)),
  raw("bare line feed in front", "\n" + get, .refused(.bareLineFeed)),
  raw("bare carriage return in front", "\r" + get, .refused(.bareCarriageReturn)),
  raw("two carriage returns in front", "\r\r\n" + get, .refused(.bareCarriageReturn)),
  raw("space in an empty line in front", " \r\n" + get, .refused(.malformedRequestLine)),
  raw("nothing", "", .incomplete),
  raw("half a line", "GET / HT", .incomplete),
  raw("half a line ending", "GET / HTTP/1.1\r", .incomplete),
  raw("no fields yet", "GET / HTTP/1.1\r\n", .incomplete),
  raw("end of head is missing", "GET / HTTP/1.1\r\nHost: a\r\n", .incomplete),
  raw("half of the end of head", "GET / HTTP/1.1\r\nHost: a\r\n\r", .incomplete),
  raw(
    "bare line feed behind the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n",
    .refused(.bareLineFeed)),
  raw("bare line feed behind a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", .refused(.bareLineFeed)),
  raw("bare line feed as end of head", "GET / HTTP/1.1\r\nHost: a\r\n\n", .refused(.bareLineFeed)),
  raw("bare line feeds only", "GET / HTTP/1.1\nHost: a\n\n", .refused(.bareLineFeed)),
  raw("line feed, carriage return", "GET / HTTP/1.1\n\rHost: a\r\n\r\n", .refused(.bareLineFeed)),
  raw(
    "carriage return in the end of head", "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n",
    .refused(.bareCarriageReturn)),
  raw(
    "space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    .refused(.obsoleteLineFolding)),
  raw("HTTP/0.9", "GET /\r\n", .refused(.malformedRequestLine)),
  raw("preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", .refused(.unsupportedVersion)),
  raw("TLS hello", "\u{16}\u{03}\u{01}\u{02}", .refused(.malformedRequestLine)),
  raw("JSON", "{\"a\":1}", .refused(.malformedRequestLine)),
  raw("PROXY protocol", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n", .refused(.malformedRequestLine)),
  raw("an answer instead of a request", "HTTP/1.1 200 OK\r\n\r\n", .refused(.malformedRequestLine)),
]

@Test(arguments: lines)
func `request lines are read strictly`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test(arguments: versions)
func `versions are read strictly`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test(arguments: messages)
func `line endings are read strictly`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test func `a byte that is no token is refused anywhere in a method`() {
  let tokens = Set("!#$%&'*+-.^_`|~0123456789".utf8)
  for byte in UInt8.min...UInt8.max where byte != 0x0A && byte != 0x20 {
    let isLetter = (0x41...0x5A).contains(byte | 0x20 ^ 0x20) && byte < 128
    let input = Array("G".utf8) + [byte] + Array("T / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
    let isAccepted = if case .accepted = readRequest([input]) { true } else { false }
    #expect(isAccepted == (isLetter || tokens.contains(byte)), "byte \(byte)")
  }
}

@Test(
  arguments: [
    ("GET", nil), ("GET /a", "GET /a"), ("GET /!~ HTT", "GET /!~"),
    ("\r\n\r\nPOST /a HTTP/1.1\r\nHost: a\r\n", "POST /a"),
    ("GET /a\nHost: a\r\n\r\n", "GET /a"), ("GET /a\rHost: a\r\n\r\n", "GET /a"),
    ("GET /a HTTP/1.1\r\n\r\n", "GET /a"), ("GET /a HTTP/1.1\r\nHost : a\r\n\r\n", "GET /a"),
    ("G(T /a", nil), ("GET /ä", nil), ("GET /\u{7F}", nil), ("GET \t", nil),
    ("GET /a HTTP/1.1\r\nHost: a\r\n\r\n", nil),
  ] as [(String, String?)])
func `of a head that is not complete, or was refused, the method and the target are known`(
  _ input: String, _ known: String?
) {
  let (reading, disagreements) = SplitFeeder.read(Array(input.utf8)) { pieces in
    var parser = RequestHeadParser()
    for piece in pieces where (try? consume(&parser, piece)) == nil { break }
    return parser.begun.map { "\($0.method) \($0.target)" + ($0.keepAlive ? " stays" : "") }
  }
  #expect(reading == known)
  #expect(disagreements == [])
}

@Test func `empty lines alone are nothing of a head`() throws {
  var parser = RequestHeadParser()
  _ = try consume(&parser, Array("\r\n\r\n".utf8))
  #expect(parser.isIdle)
  _ = try consume(&parser, Array("G".utf8))
  #expect(!parser.isIdle)
}
