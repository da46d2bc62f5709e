import Testing
import TestSupport
import Wire

private let small = HTTPLimits(requestLineBytes: 40, headerBytes: 60, headerCount: 3)

private func outcome(_ text: String) -> ConformanceCase.Outcome {
  let (reading, disagreements) = SplitFeeder.read(Array(text.utf8)) {
    readRequest($0, limits: small)
  }
  #expect(disagreements == [])
  return reading
}

private func refusal(_ text: String) -> WireError? {
  guard case .refused(let error) = outcome(text) else { return nil }
  return error
}

@Test func `a request line may fill its limit and not one byte more`() {
  let most = "GET /" + String(repeating: "a", count: 24) + " HTTP/1.1\r\n"
  #expect(most.utf8.count == 40)
  #expect(refusal(most + "Host: a\r\n\r\n") == nil)
  let more = "GET /a" + String(repeating: "a", count: 24) + " HTTP/1.1\r\n"
  #expect(refusal(more + "Host: a\r\n\r\n") == .requestLineTooLong(limit: 40))
  #expect(WireError.requestLineTooLong(limit: 40).status == 414)
}

@Test func `a request line without an end is refused at its limit`() {
  #expect(refusal(String(repeating: "a", count: 40)) == .requestLineTooLong(limit: 40))
  #expect(outcome(String(repeating: "a", count: 39)) == .incomplete)
}

@Test func `a header section may fill its limit and not one byte more`() {
  let head = "GET / HTTP/1.1\r\nHost: a\r\nX: "
  // 9 bytes of Host, 3 of name, 2 of line ending, 2 of end of head.
  #expect(refusal(head + String(repeating: "b", count: 44) + "\r\n\r\n") == nil)
  #expect(
    refusal(head + String(repeating: "b", count: 45) + "\r\n\r\n") == .headerTooLarge(limit: 60))
  #expect(refusal(head + String(repeating: "b", count: 500)) == .headerTooLarge(limit: 60))
  #expect(WireError.headerTooLarge(limit: 60).status == 431)
}

@Test func `a head that fills every limit is taken, wherever it is cut`() {
  let line = "GET /" + String(repeating: "a", count: 24) + " HTTP/1.1\r\n"
  let fields = "Host: a\r\nX: " + String(repeating: "b", count: 44) + "\r\n\r\n"
  #expect(refusal(String(repeating: "\r\n", count: 4) + line + fields) == nil)
}

@Test func `the number of fields is bounded`() {
  let head = "GET / HTTP/1.1\r\nHost: a\r\nA:b\r\nA:b\r\n"
  #expect(refusal(head + "\r\n") == nil)
  #expect(refusal(head + "A:b\r\n\r\n") == .tooManyFields(limit: 3))
  #expect(WireError.tooManyFields(limit: 3).status == 431)
}

@Test func `a header bomb is refused when the limit is reached and its memory is released`() {
  var parser = RequestHeadParser()
  let line = Array(("X: " + String(repeating: "a", count: 1000) + "\r\n").utf8)
  var fed = 0
  var error: WireError?
  _ = try? consume(&parser, Array("GET / HTTP/1.1\r\nHost: a\r\n".utf8))
  while error == nil, fed < 1_000_000 {
    do throws(WireError) {
      fed += try consume(&parser, line).consumed
    } catch let refusal {
      error = refusal
    }
  }
  #expect(error == .headerTooLarge(limit: 32_768))
  #expect(fed <= 32_768)
}

@Test func `limits are clamped to what positions can express`() {
  let limits = HTTPLimits(
    requestLineBytes: .max, headerBytes: .max, headerCount: -1, chunkLineBytes: 0,
    trailerBytes: .min)
  #expect(limits.requestLineBytes == 16 << 20)
  #expect(limits.headerBytes == 16 << 20)
  #expect(limits.headerCount == 1)
  #expect(limits.chunkLineBytes == 1)
  #expect(limits.trailerBytes == 1)
}

@Test func `bytes behind a head are left to the caller`() throws {
  let first = "POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n"
  let input = Array((first + "abcGET /b HTTP/1.1\r\nHost: a\r\n\r\n").utf8)
  for cut in 0...input.count {
    var parser = RequestHeadParser()
    var consumed = 0
    var head: RequestHead?
    for piece in [input[..<cut], input[cut...]] where head == nil {
      let result = try consume(&parser, Array(piece))
      consumed += result.consumed
      head = result.head
    }
    #expect(head?.target == "/a")
    #expect(consumed == first.utf8.count, "cut at \(cut)")
  }
}

@Test func `a body behind an unfinished head is not taken`() throws {
  var parser = RequestHeadParser()
  _ = try consume(&parser, Array("POST / HTTP/1.1\r\nHost: a\r\n".utf8))
  #expect(!parser.isIdle)
  let rest = Array("Content-Length: 9999999\r\n\r\n".utf8)
  let (consumed, head) = try consume(&parser, rest + [UInt8](repeating: 0x61, count: 1_000_000))
  #expect(consumed == rest.count)
  #expect(head?.framing == .length(9_999_999))
  #expect(parser.isIdle)
}

@Test func `one parser reads many heads`() throws {
  var parser = RequestHeadParser()
  let input = Array("GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.0\r\nX: y\r\n\r\n".utf8)
  let first = try consume(&parser, input)
  let second = try consume(&parser, Array(input[first.consumed...]))
  #expect(first.head?.target == "/a")
  #expect(second.head?.target == "/b")
  #expect(second.head?.fields.count == 1)
  #expect(second.head?.fields.contains("host") == false)
}

@Test func `an error is final`() {
  var parser = RequestHeadParser()
  #expect(throws: WireError.malformedRequestLine) { try consume(&parser, Array("?".utf8)) }
  #expect(throws: WireError.malformedRequestLine) {
    try consume(&parser, Array("GET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8))
  }
}

@Test func `a read of nothing changes nothing, wherever it comes`() throws {
  let nothing = UnsafeRawBufferPointer(start: nil, count: 0)
  var parser = RequestHeadParser(limits: HTTPLimits())
  var heads = 0
  for byte in "GET /a HTTP/1.1\r\nHost: a\r\n\r\n".utf8 {
    let before = try parser.consume(nothing)
    #expect(before.consumed == 0 && before.head == nil)
    if let head = try feed([byte], { try parser.consume($0) }).head {
      heads += 1
      #expect(head.target == "/a")
    }
  }
  #expect(heads == 1)
}
