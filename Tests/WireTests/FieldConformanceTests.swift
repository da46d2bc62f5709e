import Testing
import Wire

private func field(
  _ section: String, _ name: String, _ line: String, _ outcome: ConformanceCase.Outcome
) -> ConformanceCase {
  ConformanceCase(section, name, "GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n", outcome)
}

private let fine = ConformanceCase.Outcome.accepted("GET / 1.1 none")

private let lines: [ConformanceCase] = [
  field("9112 5", "plain", "X-A: b", fine),
  field("9112 5", "no white space", "X-A:b", fine),
  field("9112 5", "tabs around the value", "X-A:\tb\t", fine),
  field("9112 5", "empty value", "X-A:", fine),
  field("9112 5", "value of white space", "X-A: \t ", fine),
  field("9112 5", "one-letter name", "a:b", fine),
  field("9110 5.1", "every token character", "!#$%&'*+-.^_`|~09azAZ: b", fine),
  field("9110 5.5", "tab inside the value", "X-A: b\tc", fine),
  field("9110 5.5", "bytes beyond ASCII in the value", "X-A: ä€😀", fine),
  field("9110 5.5", "colons in the value", "X-A: :b:c:", fine),
  field("9110 5.5", "quotes and brackets in the value", "X-A: \"(<{[@,;?=/\\]}>)", fine),
  field("9112 5.1", "space before the colon", "X-A : b", .refused(.whitespaceBeforeColon)),
  field("9112 5.1", "tab before the colon", "X-A\t: b", .refused(.whitespaceBeforeColon)),
  field("9112 5.1", "spaces before the colon", "X-A  \t : b", .refused(.whitespaceBeforeColon)),
  field(
    "9112 5.1", "space before the colon of a length", "Content-Length : 0",
    .refused(.whitespaceBeforeColon)),
  field(
    "9112 5.1", "space before the colon of a coding", "Transfer-Encoding : chunked",
    .refused(.whitespaceBeforeColon)),
  field("9112 5.2", "folded with a space", "X-A: b\r\n c", .refused(.obsoleteLineFolding)),
  field("9112 5.2", "folded with a tab", "X-A: b\r\n\tc", .refused(.obsoleteLineFolding)),
  field("9112 5.2", "folded field with a colon", "X-A: b\r\n C: d", .refused(.obsoleteLineFolding)),
  field(
    "9112 5.2", "folded coding", "Transfer-Encoding:\r\n chunked",
    .refused(.malformedTransferCoding)),
  field("9112 5.2", "folded empty line", "X-A: b\r\n ", .refused(.obsoleteLineFolding)),
  field("9110 5.1", "no colon", "X-A", .refused(.malformedFieldName)),
  field("9110 5.1", "no name", ": b", .refused(.malformedFieldName)),
  field("9110 5.1", "only a colon", ":", .refused(.malformedFieldName)),
  field("9110 5.1", "space in the name", "X A: b", .refused(.malformedFieldName)),
  field("9110 5.1", "slash in the name", "X/A: b", .refused(.malformedFieldName)),
  field("9110 5.1", "brackets in the name", "X[A]: b", .refused(.malformedFieldName)),
  field("9110 5.1", "at sign in the name", "X@A: b", .refused(.malformedFieldName)),
  field("9110 5.1", "equals sign in the name", "X=A: b", .refused(.malformedFieldName)),
  field("9110 5.1", "semicolon in the name", "X;A: b", .refused(.malformedFieldName)),
  field("9110 5.1", "quoted name", "\"X-A\": b", .refused(.malformedFieldName)),
  field("9110 5.1", "name beyond ASCII", "X-Ä: b", .refused(.malformedFieldName)),
  field("9110 5.1", "no-break space in the name", "X-A\u{A0}: b", .refused(.malformedFieldName)),
  field("9110 5.1", "another request line", "GET / HTTP/1.1", .refused(.malformedFieldName)),
  field("9110 5.1", "null in the name", "X\0A: b", .refused(.controlByte)),
  field("9110 5.1", "null first", "\0X: b", .refused(.controlByte)),
  field("9110 5.1", "delete in the name", "X\u{7F}A: b", .refused(.controlByte)),
  field("9110 5.1", "vertical tab before the colon", "X-A\u{0B}: b", .refused(.controlByte)),
  field("9110 5.1", "form feed first", "\u{0C}X-A: b", .refused(.controlByte)),
  field("9112 2.2", "carriage return in the name", "X\rA: b", .refused(.bareCarriageReturn)),
  field("9112 2.2", "carriage return first", "\rX-A: b", .refused(.bareCarriageReturn)),
  field("9110 5.5", "null in the value", "X-A: b\0c", .refused(.controlByte)),
  field("9110 5.5", "delete in the value", "X-A: b\u{7F}", .refused(.controlByte)),
  field("9110 5.5", "escape in the value", "X-A: \u{1B}[2J", .refused(.controlByte)),
  field("9110 5.5", "vertical tab before the value", "X-A:\u{0B}b", .refused(.controlByte)),
  field("9110 5.5", "form feed behind the value", "X-A: b\u{0C}", .refused(.controlByte)),
  field("9112 2.2", "carriage return in the value", "X-A: b\rc", .refused(.bareCarriageReturn)),
  field(
    "9112 2.2", "carriage return before the value", "X-A:\rTransfer-Encoding: chunked",
    .refused(.bareCarriageReturn)),
  field("9112 2.2", "two carriage returns at the end", "X-A: b\r", .refused(.bareCarriageReturn)),
  field("9112 2.2", "line feed in the value", "X-A: b\nC: d", .refused(.bareLineFeed)),
  field(
    "9112 2.2", "line feed, then a coding", "X-A: b\nTransfer-Encoding: chunked",
    .refused(.bareLineFeed)),
]

@Test(arguments: lines)
func `field lines are read strictly`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test func `names hold token characters only, wherever the byte stands`() {
  let tokens = Set("!#$%&'*+-.^_`|~0123456789".utf8)
  for byte in UInt8.min...UInt8.max where byte != 0x0A && byte != UInt8(ascii: ":") {
    let isLetter = byte < 128 && (0x61...0x7A).contains(byte | 0x20)
    let isToken = isLetter || tokens.contains(byte)
    for (before, behind) in [("", "XA: b"), ("X", "A: b"), ("XA", ": b")] {
      let input =
        Array("GET / HTTP/1.1\r\nHost: a\r\n\(before)".utf8) + [byte]
        + Array("\(behind)\r\n\r\n".utf8)
      let isAccepted = if case .accepted = readRequest([input]) { true } else { false }
      #expect(isAccepted == isToken, "byte \(byte) between \(before) and \(behind)")
    }
  }
}

@Test func `values hold no control bytes but tab, wherever the byte stands`() {
  for byte in UInt8.min...UInt8.max where byte != 0x0A {
    let isText = byte >= 0x20 && byte != 0x7F || byte == 0x09
    for position in 0...24 {
      var value = [UInt8](repeating: 0xC3, count: 24)
      value.insert(byte, at: position)
      let input = Array("GET / HTTP/1.1\r\nHost: a\r\nX: ".utf8) + value + Array("\r\n\r\n".utf8)
      let isAccepted = if case .accepted = readRequest([input]) { true } else { false }
      #expect(isAccepted == isText, "byte \(byte) at \(position)")
    }
  }
}

@Test func `a tab is allowed in a value of any length`() {
  for count in 1...24 {
    let input = "GET / HTTP/1.1\r\nHost: a\r\nX: a\t" + String(repeating: "b", count: count)
    #expect(readRequest([Array((input + "\r\n\r\n").utf8)]) == fine, "\(count) bytes behind it")
  }
}

@Test func `fields keep order, spelling and bytes`() throws {
  let head = try #require(
    try request("GET / HTTP/1.1\r\nhOsT: a\r\nX-b:\t1 \r\nx-B:2\r\nX-Empty:\r\n\r\n"))
  var seen: [String] = []
  head.fields.forEach { name, value in
    seen.append(
      String(decoding: name, as: UTF8.self) + "=" + String(decoding: value, as: UTF8.self))
  }
  #expect(seen == ["hOsT=a", "X-b=1", "x-B=2", "X-Empty="])
  #expect(head.fields.count == 4)
  #expect(head.fields.first("x-b") == "1")
  #expect(head.fields.all("x-b") == ["1", "2"])
  #expect(head.fields.first("x-empty") == "")
  #expect(head.fields.contains("host"))
  #expect(!head.fields.contains("x"))
  #expect(head.fields.first("x-none") == nil)
}

@Test func `characters that differ in one bit are different names`() throws {
  let head = try #require(try request("GET / HTTP/1.1\r\nHost: a\r\nx^y: 1\r\n\r\n"))
  #expect(head.fields.first("x~y") == nil)
  #expect(head.fields.first("x^y") == "1")
}

@Test func `a field that could end the head is not added`() {
  var fields = HeaderFields()
  let refused = [("X", "a\r\nY: b"), ("X\r\nY", "a"), ("", "a"), ("X Y", "a"), ("X", "a\0")]
  for (name, value) in refused {
    let isAdded = fields.append(name: name, value: value)
    #expect(!isAdded)
  }
  #expect(fields.isEmpty)
  let isAdded = [fields.append(name: "X", value: "a"), fields.append(name: "Y", value: "")]
  #expect(isAdded == [true, true])
  #expect(fields.first("x") == "a")
  #expect(fields.first("y") == "")
}
