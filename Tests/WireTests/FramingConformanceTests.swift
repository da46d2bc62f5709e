import Testing
import Wire

private func post(
  _ section: String, _ name: String, _ lines: String, _ outcome: ConformanceCase.Outcome,
  version: String = "1.1"
) -> ConformanceCase {
  ConformanceCase(
    section, name, "POST / HTTP/\(version)\r\nHost: a\r\n\(lines)\r\n\r\n", outcome)
}

private func length(_ name: String, _ value: String, _ expected: Int?) -> ConformanceCase {
  post(
    "9110 8.6", name, "Content-Length:\(value)",
    expected.map { .accepted("POST / 1.1 length=\($0)") } ?? .refused(.malformedLength))
}

private let lengths: [ConformanceCase] = [
  length("zero", " 0", 0),
  length("one digit", " 5", 5),
  length("white space around", " \t5 \t", 5),
  length("no white space", "5", 5),
  length("leading zeros", " 0005", 5),
  length("eighteen digits", " 999999999999999999", 999_999_999_999_999_999),
  length("eighteen zeros", " 000000000000000000", 0),
  length("nineteen digits", " 1000000000000000000", nil),
  length("nineteen zeros", " 0000000000000000000", nil),
  length("2^63 - 1", " 9223372036854775807", nil),
  length("2^63", " 9223372036854775808", nil),
  length("2^64", " 18446744073709551616", nil),
  length("2^64 + 5", " 18446744073709551621", nil),
  length("very many digits", " " + String(repeating: "9", count: 400), nil),
  length("empty", "", nil),
  length("white space", "  ", nil),
  length("plus", " +5", nil),
  length("minus", " -5", nil),
  length("minus zero", " -0", nil),
  length("hexadecimal", " 0x5", nil),
  length("hexadecimal digit", " a", nil),
  length("fraction", " 5.0", nil),
  length("exponent", " 1e2", nil),
  length("space inside", " 5 5", nil),
  length("list of the same", " 5, 5", nil),
  length("list of different", " 5, 6", nil),
  length("list without white space", " 5,5", nil),
  length("list with an empty element", " 5,", nil),
  length("quoted", " \"5\"", nil),
  length("thousands separator", " 1_000", nil),
  length("letters behind", " 5a", nil),
  length("semicolon", " 5;a", nil),
  length("Arabic digit", " ٥", nil),
  length("fullwidth digit", " ５", nil),
]

private let contradictions: [ConformanceCase] = [
  post("9112 6.3", "neither length nor coding", "X: y", .accepted("POST / 1.1 none")),
  post(
    "9112 6.3", "two lengths", "Content-Length: 5\r\nContent-Length: 6", .refused(.repeatedLength)),
  post(
    "9112 6.3", "two equal lengths", "Content-Length: 5\r\nContent-Length: 5",
    .refused(.repeatedLength)),
  post(
    "9112 6.3", "two lengths in different case", "Content-Length: 5\r\ncontent-length: 5",
    .refused(.repeatedLength)),
  post(
    "9112 6.3", "length, then a malformed one", "Content-Length: 5\r\nContent-Length: x",
    .refused(.repeatedLength)),
  post(
    "9112 6.3", "length and coding", "Content-Length: 5\r\nTransfer-Encoding: chunked",
    .refused(.lengthAndTransferCoding)),
  post(
    "9112 6.3", "coding and length", "Transfer-Encoding: chunked\r\nContent-Length: 5",
    .refused(.lengthAndTransferCoding)),
  post(
    "9112 6.3", "coding and length 0", "Transfer-Encoding: chunked\r\nContent-Length: 0",
    .refused(.lengthAndTransferCoding)),
  post(
    "9112 6.3", "length and unknown coding", "Content-Length: 5\r\nTransfer-Encoding: x",
    .refused(.lengthAndTransferCoding)),
  post(
    "9112 6.3", "length of HTTP/1.0", "Content-Length: 5",
    .accepted("POST / 1.0 length=5 closes"), version: "1.0"),
  post(
    "9112 6.1", "coding in HTTP/1.0", "Transfer-Encoding: chunked",
    .refused(.transferCodingInHTTP10), version: "1.0"),
  post(
    "9112 6.1", "coding in HTTP/1.0 with keep-alive",
    "Connection: keep-alive\r\nTransfer-Encoding: chunked", .refused(.transferCodingInHTTP10),
    version: "1.0"),
]

private func coding(
  _ name: String, _ value: String, _ outcome: ConformanceCase.Outcome
) -> ConformanceCase {
  post("9112 6.1", name, "Transfer-Encoding:\(value)", outcome)
}

private let chunked = ConformanceCase.Outcome.accepted("POST / 1.1 chunked")
private let malformed = ConformanceCase.Outcome.refused(.malformedTransferCoding)
private let unsupported = ConformanceCase.Outcome.refused(.unsupportedTransferCoding)

private let codings: [ConformanceCase] = [
  coding("chunked", " chunked", chunked),
  coding("no white space", "chunked", chunked),
  coding("white space around", " \tchunked\t ", chunked),
  coding("codings ignore case", " Chunked", chunked),
  coding("upper case", " CHUNKED", chunked),
  coding("names ignore case", " chunked\r\nX: y", chunked),
  coding("gzip before chunked", " gzip, chunked", unsupported),
  coding("identity before chunked", " identity, chunked", unsupported),
  coding("no white space in the list", " gzip,chunked", unsupported),
  coding("empty", "", malformed),
  coding("white space", "  ", malformed),
  coding("identity", " identity", malformed),
  coding("gzip", " gzip", malformed),
  coding("chunked is not last", " chunked, gzip", malformed),
  coding("chunked before identity", " chunked, identity", malformed),
  coding("chunked twice", " chunked, chunked", malformed),
  coding("chunked twice around another", " chunked, gzip, chunked", malformed),
  coding("two fields", " chunked\r\nTransfer-Encoding: chunked", malformed),
  coding("two fields, one other", " chunked\r\nTransfer-Encoding: identity", malformed),
  coding("prefix", " xchunked", malformed),
  coding("suffix", " chunkedx", malformed),
  coding("truncated", " chunke", malformed),
  coding("quoted", " \"chunked\"", malformed),
  coding("single quotes", " 'chunked'", malformed),
  coding("parameter", " chunked;q=1", malformed),
  coding("bare semicolon", " chunked;", malformed),
  coding("comma behind", " chunked,", malformed),
  coding("comma in front", " ,chunked", malformed),
  coding("empty element inside", " gzip,,chunked", malformed),
  coding("two words", " chunked chunked", malformed),
  coding("colon", " : chunked", malformed),
  coding("brackets", " [chunked]", malformed),
  coding("vertical tab", " \u{0B}chunked", .refused(.controlByte)),
  coding("null", " chunked\0", .refused(.controlByte)),
  coding("Kelvin sign", " chun\u{212A}ed", malformed),
  coding(
    "long s in a name is another field", " chunked\r\nTran\u{17F}fer-Encoding: x",
    .refused(.malformedFieldName)),
]

private func connection(
  _ name: String, _ lines: String, _ outcome: ConformanceCase.Outcome, version: String = "1.1"
) -> ConformanceCase {
  post("9112 9.3", name, lines, outcome, version: version)
}

private let connections: [ConformanceCase] = [
  connection("close", "Connection: close", .accepted("POST / 1.1 none closes")),
  connection("options ignore case", "Connection: CLOSE", .accepted("POST / 1.1 none closes")),
  connection("close in a list", "Connection: x, close ,y", .accepted("POST / 1.1 none closes")),
  connection(
    "close in a second field", "Connection: keep-alive\r\nConnection: close",
    .accepted("POST / 1.1 none closes")),
  connection("close wins", "Connection: keep-alive, close", .accepted("POST / 1.1 none closes")),
  connection("keep-alive", "Connection: keep-alive", .accepted("POST / 1.1 none")),
  connection("close is a whole word", "Connection: closed", .accepted("POST / 1.1 none")),
  connection("empty", "Connection:", .accepted("POST / 1.1 none")),
  connection("empty elements", "Connection: ,, x,", .accepted("POST / 1.1 none")),
  connection(
    "keep-alive of HTTP/1.0", "Connection: Keep-Alive", .accepted("POST / 1.0 none"),
    version: "1.0"),
  connection(
    "close of HTTP/1.0", "Connection: close, keep-alive",
    .accepted("POST / 1.0 none closes"), version: "1.0"),
  connection("not a token", "Connection: a b", .refused(.malformedConnection)),
  connection("parameter", "Connection: close;a=b", .refused(.malformedConnection)),
  connection("quoted", "Connection: \"close\"", .refused(.malformedConnection)),
  connection(
    "64 options",
    "Connection: " + Array(repeating: "a", count: 64).joined(separator: ","),
    .accepted("POST / 1.1 none")),
  connection(
    "65 options",
    "Connection: " + Array(repeating: "a", count: 65).joined(separator: ","),
    .refused(.malformedConnection)),
  connection(
    "65 options in two fields",
    "Connection: " + Array(repeating: "a", count: 64).joined(separator: ",") + "\r\nConnection: b",
    .refused(.malformedConnection)),
  ConformanceCase(
    "9110 7.8", "upgrade",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    .accepted("GET / 1.1 none")),
  ConformanceCase(
    "9110 7.8", "upgrade without the option",
    "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n\r\n", .accepted("GET / 1.1 none")),
  ConformanceCase(
    "9110 7.8", "option without the field",
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n", .accepted("GET / 1.1 none")),
  ConformanceCase(
    "9110 7.8", "upgrade of HTTP/1.0 is ignored",
    "GET / HTTP/1.0\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    .accepted("GET / 1.0 none closes")),
]

private func expectation(
  _ name: String, _ lines: String, _ outcome: String, version: String = "1.1"
) -> ConformanceCase {
  post("9110 10.1.1", name, lines, .accepted(outcome), version: version)
}

private let expectations: [ConformanceCase] = [
  expectation(
    "with a length", "Expect: 100-continue\r\nContent-Length: 5",
    "POST / 1.1 length=5 expects"),
  expectation(
    "with a coding", "Expect: 100-continue\r\nTransfer-Encoding: chunked",
    "POST / 1.1 chunked expects"),
  expectation(
    "ignores case", "Expect: 100-Continue\r\nContent-Length: 5",
    "POST / 1.1 length=5 expects"),
  expectation("without a body", "Expect: 100-continue", "POST / 1.1 none"),
  expectation(
    "with an empty body", "Expect: 100-continue\r\nContent-Length: 0",
    "POST / 1.1 length=0"),
  expectation(
    "in HTTP/1.0", "Expect: 100-continue\r\nContent-Length: 5",
    "POST / 1.0 length=5 closes", version: "1.0"),
  expectation("something else", "Expect: x\r\nContent-Length: 5", "POST / 1.1 length=5"),
]

@Test(arguments: lengths)
func `a length is 1 to 18 digits`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test(arguments: contradictions)
func `contradicting framing is refused`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test(arguments: codings)
func `the only transfer coding is one chunked`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test(arguments: connections)
func `Connection decides what outlives the request`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test(arguments: expectations)
func `100-continue is expected only with a body`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}
