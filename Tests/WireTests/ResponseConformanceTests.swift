import Testing
import TestSupport
import Wire

private func status(
  _ name: String, _ line: String, _ outcome: ConformanceCase.Outcome
) -> ConformanceCase {
  ConformanceCase("9112 4", name, line + "\r\nContent-Length: 2\r\n\r\n", outcome)
}

private let malformed = ConformanceCase.Outcome.refused(.malformedStatusLine)

private let statusLines: [ConformanceCase] = [
  status("plain", "HTTP/1.1 200 OK", .accepted("200 1.1 length=2")),
  status("long phrase", "HTTP/1.1 404 Not Found at all", .accepted("404 1.1 length=2")),
  status("empty phrase", "HTTP/1.1 200 ", .accepted("200 1.1 length=2")),
  status("no phrase and no space", "HTTP/1.1 200", .accepted("200 1.1 length=2")),
  status("phrase beyond ASCII", "HTTP/1.1 200 Schön", .accepted("200 1.1 length=2")),
  status("tab in the phrase", "HTTP/1.1 200 a\tb", .accepted("200 1.1 length=2")),
  status("lowest final status", "HTTP/1.1 200 x", .accepted("200 1.1 length=2")),
  status("highest status", "HTTP/1.1 599 x", .accepted("599 1.1 length=2")),
  status("minor version 2", "HTTP/1.2 200 OK", .accepted("200 1.1 length=2")),
  status("status 600", "HTTP/1.1 600 x", malformed),
  status("status 999", "HTTP/1.1 999 x", malformed),
  status("status 099", "HTTP/1.1 099 x", malformed),
  status("status 000", "HTTP/1.1 000 x", malformed),
  status("two digits", "HTTP/1.1 20 OK", malformed),
  status("four digits", "HTTP/1.1 2000 OK", malformed),
  status("letters", "HTTP/1.1 2x0 OK", malformed),
  status("sign", "HTTP/1.1 +20 OK", malformed),
  status("no status", "HTTP/1.1", malformed),
  status("two spaces", "HTTP/1.1  200 OK", malformed),
  status("tab", "HTTP/1.1\t200 OK", malformed),
  status("tab behind the status", "HTTP/1.1 200\tOK", malformed),
  status("lower case", "http/1.1 200 OK", malformed),
  status("leading space", " HTTP/1.1 200 OK", malformed),
  status("leading empty line", "\r\nHTTP/1.1 200 OK", malformed),
  status("two-digit minor", "HTTP/1.10 200 OK", malformed),
  status("version 2", "HTTP/2.0 200 OK", .refused(.unsupportedVersion)),
  status("version 0.9", "HTTP/0.9 200 OK", .refused(.unsupportedVersion)),
  status("ICY", "ICY 200 OK", malformed),
  status("null in the phrase", "HTTP/1.1 200 a\0", .refused(.controlByte)),
  status("carriage return in the phrase", "HTTP/1.1 200 a\rb", .refused(.bareCarriageReturn)),
  status("line feed ends the line", "HTTP/1.1 200 OK\nA: b", .refused(.bareLineFeed)),
  status("a switch of protocols", "HTTP/1.1 101 Switching Protocols", .refused(.unexpectedUpgrade)),
  status("html", "<html>", malformed),
  status("a request", "GET / HTTP/1.1", malformed),
]

private func framing(
  _ section: String, _ name: String, _ lines: String, _ outcome: ConformanceCase.Outcome,
  status: Int = 200, version: String = "1.1"
) -> ConformanceCase {
  let fields = lines.isEmpty ? "" : lines + "\r\n"
  return ConformanceCase(section, name, "HTTP/\(version) \(status) x\r\n\(fields)\r\n", outcome)
}

private let framings: [ConformanceCase] = [
  framing("9112 6.3", "length", "Content-Length: 5", .accepted("200 1.1 length=5")),
  framing("9112 6.3", "length 0", "Content-Length: 0", .accepted("200 1.1 length=0")),
  framing("9112 6.3", "coding", "Transfer-Encoding: chunked", .accepted("200 1.1 chunked")),
  framing("9112 6.3", "neither: until the end", "A: b", .accepted("200 1.1 close closes")),
  framing("9112 6.3", "no fields: until the end", "", .accepted("200 1.1 close closes")),
  framing(
    "9112 6.3", "until the end, whatever Connection says", "Connection: keep-alive",
    .accepted("200 1.1 close closes")),
  framing(
    "9112 6.3", "until the end in HTTP/1.0", "", .accepted("200 1.0 close closes"),
    version: "1.0"),
  framing("9112 6.3", "204", "", .accepted("204 1.1 none"), status: 204),
  framing(
    "9112 6.3", "204 with a length", "Content-Length: 0", .accepted("204 1.1 none"), status: 204),
  framing(
    "9112 6.3", "304 with a length", "Content-Length: 5", .accepted("304 1.1 none"), status: 304),
  framing(
    "9112 6.3", "304 with a coding", "Transfer-Encoding: chunked", .accepted("304 1.1 none"),
    status: 304),
  framing("9110 15.2", "100", "", .accepted("100 1.1 none"), status: 100),
  framing("9110 15.2", "103", "Link: a", .accepted("103 1.1 none"), status: 103),
  framing("9110 15.2", "199", "", .accepted("199 1.1 none"), status: 199),
  framing(
    "9112 9.3", "close", "Connection: close\r\nContent-Length: 1",
    .accepted("200 1.1 length=1 closes")),
  framing(
    "9112 9.3", "HTTP/1.0", "Content-Length: 1", .accepted("200 1.0 length=1 closes"),
    version: "1.0"),
  framing(
    "9112 9.3", "HTTP/1.0 with keep-alive", "Content-Length: 1\r\nConnection: keep-alive",
    .accepted("200 1.0 length=1"), version: "1.0"),
  framing(
    "9112 6.3", "length and coding", "Content-Length: 5\r\nTransfer-Encoding: chunked",
    .refused(.lengthAndTransferCoding)),
  framing(
    "9112 6.3", "two lengths", "Content-Length: 5\r\nContent-Length: 5",
    .refused(.repeatedLength)),
  framing("9112 6.3", "list of lengths", "Content-Length: 5, 5", .refused(.malformedLength)),
  framing(
    "9112 6.3", "huge length", "Content-Length: 18446744073709551616",
    .refused(.malformedLength)),
  framing(
    "9112 6.3", "malformed length of a 204", "Content-Length: x", .refused(.malformedLength),
    status: 204),
  framing(
    "9112 6.1", "coding in HTTP/1.0", "Transfer-Encoding: chunked",
    .refused(.transferCodingInHTTP10), version: "1.0"),
  framing(
    "9112 6.1", "gzip before chunked", "Transfer-Encoding: gzip, chunked",
    .refused(.unsupportedTransferCoding)),
  framing("9112 6.1", "gzip", "Transfer-Encoding: gzip", .refused(.malformedTransferCoding)),
  framing(
    "9112 6.1", "identity", "Transfer-Encoding: identity", .refused(.malformedTransferCoding)),
  framing("9112 5.2", "folded", "A: b\r\n c", .refused(.obsoleteLineFolding)),
  framing("9112 5.1", "space before the colon", "A : b", .refused(.whitespaceBeforeColon)),
  framing("9110 5.5", "null", "A: \0", .refused(.controlByte)),
  framing("9112 2.2", "bare line feed", "A: b\nC: d", .refused(.bareLineFeed)),
  framing("9110 7.6.1", "malformed Connection", "Connection: a b", .refused(.malformedConnection)),
]

private let heads: [ConformanceCase] = [
  framing("9110 9.3.2", "length", "Content-Length: 5", .accepted("200 1.1 none")),
  framing("9110 9.3.2", "coding", "Transfer-Encoding: chunked", .accepted("200 1.1 none")),
  framing("9110 9.3.2", "neither", "", .accepted("200 1.1 none")),
  framing(
    "9110 9.3.2", "length and coding", "Content-Length: 5\r\nTransfer-Encoding: chunked",
    .refused(.lengthAndTransferCoding)),
]

@Test(arguments: statusLines)
func `status lines are read strictly`(_ example: ConformanceCase) {
  example.verify { readResponse($0) }
}

@Test(arguments: framings)
func `response framing follows its order of precedence`(_ example: ConformanceCase) {
  example.verify { readResponse($0) }
}

@Test(arguments: heads)
func `a response to HEAD has no body`(_ example: ConformanceCase) {
  example.verify { readResponse($0, method: "HEAD") }
}

@Test func `informational responses come out as heads of their own`() throws {
  let interim = "HTTP/1.1 100 Continue\r\n\r\n"
  var parser = ResponseHeadParser()
  try feed(interim + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") { bytes in
    let (consumed, first) = try parser.consume(bytes, requestMethod: "POST")
    #expect(first?.isInformational == true)
    #expect(consumed == interim.utf8.count)
    let rest = UnsafeRawBufferPointer(rebasing: bytes[consumed...])
    let final = try parser.consume(rest, requestMethod: "POST").head
    #expect(final?.status == 200)
    #expect(final?.isInformational == false)
  }
}

@Test func `an error of a response is final`() {
  var parser = ResponseHeadParser()
  for text in ["x", "HTTP/1.1 200 OK\r\n\r\n"] {
    #expect(throws: WireError.malformedStatusLine) {
      try feed(text) { try parser.consume($0, requestMethod: "GET") }
    }
  }
}

@Test func `reason phrases are kept`() throws {
  #expect(try response("HTTP/1.1 200 Very fine\r\n\r\n")?.reason == "Very fine")
  #expect(try response("HTTP/1.1 200\r\n\r\n")?.reason == "")
  #expect(ResponseHead(status: 502).reason == "Bad Gateway")
  #expect(ResponseHead(status: 299).reason == "")
}

@Test func `a header of 200 kilobytes is read from an upstream`() throws {
  let value = String(repeating: "a", count: 200_000)
  let head = try response("HTTP/1.1 200 OK\r\nX: \(value)\r\n\r\n")
  #expect(head?.fields.first("x")?.utf8.count == 200_000)
}

@Test func `a header bomb of an upstream is refused`() {
  let bomb = "HTTP/1.1 200 OK\r\n" + String(repeating: "X: y\r\n", count: 600)
  #expect(throws: WireError.tooManyFields(limit: 500)) { try response(bomb) }
  let line = "HTTP/1.1 200 " + String(repeating: "a", count: 20_000)
  #expect(throws: WireError.statusLineTooLong(limit: 16_384)) { try response(line) }
}
