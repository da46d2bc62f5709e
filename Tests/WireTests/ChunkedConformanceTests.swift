import Bytes
import Testing
import TestSupport
import Wire

private func body(
  _ section: String, _ name: String, _ input: String, _ outcome: ConformanceCase.Outcome
) -> ConformanceCase {
  ConformanceCase(section, name, input, outcome)
}

private func size(_ name: String, _ line: String, isValid: Bool) -> ConformanceCase {
  body(
    "9112 7.1", name, line + "\r\nhello\r\n0\r\n\r\n",
    isValid ? .accepted("hello") : .refused(.malformedChunkSize))
}

private let sizes: [ConformanceCase] = [
  size("plain", "5", isValid: true),
  size("leading zero", "05", isValid: true),
  size("fifteen digits", "000000000000005", isValid: true),
  size("sixteen digits", "0000000000000005", isValid: false),
  size("seventeen digits", "10000000000000005", isValid: false),
  size("2^63", "8000000000000000", isValid: false),
  size("2^64 - 1", "ffffffffffffffff", isValid: false),
  size("very many zeros", String(repeating: "0", count: 100) + "5", isValid: false),
  size("empty", "", isValid: false),
  size("prefix 0x", "0x5", isValid: false),
  size("plus", "+5", isValid: false),
  size("minus", "-5", isValid: false),
  size("space in front", " 5", isValid: false),
  size("tab in front", "\t5", isValid: false),
  size("letter", "g", isValid: false),
  size("letter behind", "5g", isValid: false),
  size("underscore", "0_5", isValid: false),
  size("point", "5.", isValid: false),
  size("comma", "5,5", isValid: false),
  size("null", "5\0", isValid: false),
  size("fullwidth digit", "５", isValid: false),
]

private func `extension`(_ name: String, _ text: String, isValid: Bool) -> ConformanceCase {
  body(
    "9112 7.1.1", name, "5\(text)\r\nhello\r\n0\r\n\r\n",
    isValid ? .accepted("hello") : .refused(.malformedChunkExtension))
}

private let extensions: [ConformanceCase] = [
  `extension`("name", ";a", isValid: true),
  `extension`("name and value", ";a=b", isValid: true),
  `extension`("two", ";a=b;c", isValid: true),
  `extension`("quoted", ";a=\"b c\"", isValid: true),
  `extension`("empty quotes", ";a=\"\"", isValid: true),
  `extension`("escaped quote", ";a=\"b\\\"c\"", isValid: true),
  `extension`("semicolon in quotes", ";a=\";\";b", isValid: true),
  `extension`("tab in quotes", ";a=\"\t\"", isValid: true),
  `extension`("bad white space everywhere", " ; a\t= b ;\tc", isValid: true),
  `extension`("beyond ASCII in quotes", ";a=\"ä\"", isValid: true),
  `extension`("white space before a second one", ";a ;b", isValid: true),
  `extension`("white spaces around an equals sign", ";a  =  b", isValid: true),
  `extension`("white space behind a value", ";a=b ;c", isValid: true),
  `extension`("white space behind quotes", ";a=\"b\" ;c", isValid: true),
  `extension`("two names", ";a b", isValid: false),
  `extension`("two values", ";a=b c", isValid: false),
  `extension`("slash in a value", ";a=b/c", isValid: false),
  `extension`("nothing behind the semicolon", ";", isValid: false),
  `extension`("nothing behind the second one", ";a;", isValid: false),
  `extension`("nothing behind the equals sign", ";a=", isValid: false),
  `extension`("no name", ";=b", isValid: false),
  `extension`("two semicolons", ";;a", isValid: false),
  `extension`("trailing space", " ", isValid: false),
  `extension`("trailing space behind a name", ";a ", isValid: false),
  `extension`("space and digit", " 5", isValid: false),
  `extension`("open quotes", ";a=\"b", isValid: false),
  `extension`("text behind quotes", ";a=\"b\"c", isValid: false),
  `extension`("quoted name", ";\"a\"", isValid: false),
  `extension`("two equals signs", ";a==b", isValid: false),
  `extension`("null", ";a\0", isValid: false),
  `extension`("null in quotes", ";a=\"\0\"", isValid: false),
  `extension`("line feed", ";a\nb", isValid: false),
  `extension`("line feed in quotes", ";a=\"\n\"", isValid: false),
  `extension`("escaped carriage return", ";a=\"\\", isValid: false),
  `extension`("beyond ASCII", ";ä", isValid: false),
]

private let bodies: [ConformanceCase] = [
  body("9112 7.1", "empty", "0\r\n\r\n", .accepted("")),
  body("9112 7.1", "many zeros at the end", "000\r\n\r\n", .accepted("")),
  body("9112 7.1", "two chunks", "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", .accepted("abcde")),
  body("9112 7.1", "upper-case digits", "A\r\n0123456789\r\n0\r\n\r\n", .accepted("0123456789")),
  body("9112 7.1", "lower-case digits", "a\r\n0123456789\r\n0\r\n\r\n", .accepted("0123456789")),
  body("9112 7.1", "line endings in the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", .accepted("\r\n\r\n")),
  body(
    "9112 7.1", "what looks like an end in the data", "5\r\n0\r\n\r\n\r\n0\r\n\r\n",
    .accepted("0\r\n\r\n")),
  body("9112 7.1", "bytes behind the end", "0\r\n\r\nGET", .accepted(" +3")),
  body("9112 7.1", "extension of the last chunk", "0;a=b\r\n\r\n", .accepted("")),
  body("9112 7.1.2", "trailer", "1\r\nx\r\n0\r\nA: b\r\nC:d\r\n\r\n", .accepted("x A=b C=d")),
  body("9112 7.1.2", "trailer and bytes behind", "0\r\nA: b\r\n\r\nGET", .accepted(" +3 A=b")),
  body("9112 7.1", "cut in the size", "5", .incomplete),
  body("9112 7.1", "cut behind the size", "5\r\n", .incomplete),
  body("9112 7.1", "cut in the data", "5\r\nhel", .incomplete),
  body("9112 7.1", "cut behind the data", "5\r\nhello", .incomplete),
  body("9112 7.1", "cut before the last chunk", "5\r\nhello\r\n", .incomplete),
  body("9112 7.1", "cut in the last chunk", "0\r\n", .incomplete),
  body("9112 7.1", "cut in the end", "0\r\n\r", .incomplete),
  body("9112 7.1.2", "cut in the trailer", "0\r\nA: b\r\n", .incomplete),
  body(
    "9112 7.1", "line feed behind the size", "5\nhello\r\n0\r\n\r\n", .refused(.malformedChunkSize)),
  body("9112 7.1", "carriage return only", "5\rhello\r\n", .refused(.bareCarriageReturn)),
  body("9112 7.1", "two carriage returns", "5\r\r\nhello\r\n", .refused(.bareCarriageReturn)),
  body(
    "9112 7.1", "data longer than its size", "4\r\nhello\r\n0\r\n\r\n", .refused(.malformedChunkEnd)
  ),
  body(
    "9112 7.1", "data shorter than its size", "6\r\nhello\r\n0\r\n\r\n",
    .refused(.malformedChunkEnd)),
  body(
    "9112 7.1", "line feed behind the data", "5\r\nhello\n0\r\n\r\n", .refused(.malformedChunkEnd)),
  body(
    "9112 7.1", "carriage return behind the data", "5\r\nhello\rx", .refused(.malformedChunkEnd)),
  body("9112 7.1", "nothing behind the data", "5\r\nhello0\r\n\r\n", .refused(.malformedChunkEnd)),
  body(
    "9112 7.1", "empty line between chunks", "1\r\nx\r\n\r\n0\r\n\r\n",
    .refused(.malformedChunkSize)),
  body("9112 7.1.2", "line feed ends the body", "0\r\n\n", .refused(.bareLineFeed)),
  body("9112 7.1.2", "line feed in the trailer", "0\r\nA: b\n\r\n", .refused(.bareLineFeed)),
  body(
    "9112 7.1.2", "garbage in the trailer", "0\r\nGET / HTTP/1.1\r\n\r\n",
    .refused(.malformedFieldName)),
  body("9112 7.1.2", "folded trailer", "0\r\nA: b\r\n c\r\n\r\n", .refused(.obsoleteLineFolding)),
  body("9112 7.1.2", "null in the trailer", "0\r\nA: \0\r\n\r\n", .refused(.controlByte)),
  body(
    "9112 7.1.2", "space before the colon", "0\r\nA : b\r\n\r\n", .refused(.whitespaceBeforeColon)),
]

@Test(arguments: sizes)
func `chunk sizes are hexadecimal digits only`(_ example: ConformanceCase) {
  example.verify { readChunked($0) }
}

@Test(arguments: extensions)
func `chunk extensions must match their grammar`(_ example: ConformanceCase) {
  example.verify { readChunked($0) }
}

@Test(arguments: bodies)
func `chunked bodies are read strictly`(_ example: ConformanceCase) {
  example.verify { readChunked($0) }
}

@Test func `chunk lines and trailers are bounded`() {
  let limits = HTTPLimits(headerCount: 2, chunkLineBytes: 10, trailerBytes: 20)
  func outcome(_ text: String) -> ConformanceCase.Outcome {
    let (reading, disagreements) = SplitFeeder.read(Array(text.utf8)) {
      readChunked($0, limits: limits)
    }
    #expect(disagreements == [])
    return reading
  }
  #expect(outcome("1;abcdef\r\nx\r\n0\r\n\r\n") == .accepted("x"))
  #expect(outcome("1;abcdefg\r\nx\r\n0\r\n\r\n") == .refused(.chunkLineTooLong(limit: 10)))
  #expect(outcome("0\r\nA: 45678901234\r\n\r\n") == .accepted(" A=45678901234"))
  #expect(outcome("0\r\nA: 45678901234567\r\n\r\n") == .refused(.trailerTooLarge(limit: 20)))
  #expect(outcome("0\r\nA: 4567890123456789012345") == .refused(.trailerTooLarge(limit: 20)))
  #expect(outcome("0\r\nA:b\r\nA:b\r\n\r\n") == .accepted(" A=b A=b"))
  #expect(outcome("0\r\nA:b\r\nA:b\r\nA:b\r\n\r\n") == .refused(.tooManyFields(limit: 2)))
}

@Test func `many small chunks do not add up to a long line`() {
  let limits = HTTPLimits(chunkLineBytes: 8)
  let input = String(repeating: "1;a=b\r\nx\r\n", count: 100) + "0\r\n\r\n"
  #expect(
    readChunked([Array(input.utf8)], limits: limits)
      == .accepted(String(repeating: "x", count: 100)))
}

@Test func `a chunk is handed on as it arrives`() throws {
  var decoder = ChunkedDecoder()
  var seen: [Int] = []
  _ = try feed("ff\r\nabc") { try decoder.consume($0) { seen.append($0.count) } }
  _ = try feed("defg") { try decoder.consume($0) { seen.append($0.count) } }
  #expect(seen == [3, 4])
  #expect(!decoder.isFinished)
}

@Test func `an error of a chunked body is final`() {
  var decoder = ChunkedDecoder()
  #expect(throws: WireError.malformedChunkSize) {
    try feed("x") { try decoder.consume($0) { _ in } }
  }
  #expect(throws: WireError.malformedChunkSize) {
    try feed("0\r\n\r\n") { try decoder.consume($0) { _ in } }
  }
}

@Test(arguments: [1, 9, 10, 15, 16, 17, 255, 256, 4095, 4096, 65_536, 1_000_000])
func `what the encoder writes the decoder reads`(_ count: Int) throws {
  let data = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7) }
  let out = ByteBuffer(capacity: 16)
  feed(data) { ChunkedEncoder.append(chunk: $0, to: out) }
  ChunkedEncoder.append(chunk: UnsafeRawBufferPointer(start: nil, count: 0), to: out)
  ChunkedEncoder.appendEnd(to: out)
  var decoder = ChunkedDecoder()
  var copy: [UInt8] = []
  let consumed = try feed(Array(out.bytes)) {
    try decoder.consume($0) { copy.append(contentsOf: $0) }
  }
  #expect(consumed == out.count)
  #expect(decoder.isFinished)
  #expect(copy == data)
}

@Test func `trailers that concern framing or the connection are not forwarded`() {
  var trailers = HeaderFields()
  for name in [
    "X-Sum", "Content-Length", "Transfer-Encoding", "Host", "Connection", "Trailer", "Y",
  ] {
    trailers.append(name: name, value: "1")
  }
  let out = ByteBuffer(capacity: 16)
  ChunkedEncoder.appendEnd(trailers: trailers, to: out)
  #expect(out.string(0..<out.count) == "0\r\nX-Sum: 1\r\nY: 1\r\n\r\n")
}
