import Testing
import TestSupport
import Wire

private struct Reading: Equatable {
  var events: [String] = []
  var oversized = 0
}

/// Events as `name|data`.
private func read(_ pieces: [[UInt8]], maxEventBytes: Int) -> Reading {
  var scanner = SSEScanner(maxEventBytes: maxEventBytes)
  var reading = Reading()
  for piece in pieces {
    feed(piece) { bytes in
      scanner.feed(bytes) { name, data in
        reading.events.append((name ?? "") + "|" + String(decoding: data, as: UTF8.self))
      }
    }
  }
  reading.oversized = scanner.oversizedEvents
  return reading
}

private func events(
  _ text: String, maxEventBytes: Int = 1000, sourceLocation: SourceLocation = #_sourceLocation
) -> Reading {
  let (reading, disagreements) = SplitFeeder.read(Array(text.utf8)) {
    read($0, maxEventBytes: maxEventBytes)
  }
  #expect(disagreements == [], sourceLocation: sourceLocation)
  return reading
}

@Test(arguments: [
  ("data: a\n\n", ["|a"]),
  ("data:a\n\n", ["|a"]),
  ("data:  a \n\n", ["| a "]),
  ("data: a\r\n\r\n", ["|a"]),
  ("data: a\r\r", ["|a"]),
  ("data: a\n\r\n", ["|a"]),
  ("data: a\r\n\n", ["|a"]),
  ("data: a\r\n\r", ["|a"]),
  ("data: a\ndata: b\n\n", ["|a\nb"]),
  ("data: a\r\ndata: b\rdata: c\n\n", ["|a\nb\nc"]),
  ("data: a\ndata\ndata:\n\n", ["|a\n\n"]),
  ("data\n\n", ["|"]),
  ("data:\n\n", ["|"]),
  ("data\ndata\n\n", ["|\n"]),
  ("event: x\ndata: a\n\n", ["x|a"]),
  ("data: a\nevent: x\n\n", ["x|a"]),
  ("event: x\nevent: y\ndata: a\n\n", ["y|a"]),
  ("event: x\nevent:\ndata: a\n\n", ["|a"]),
  ("event: x\n\ndata: a\n\n", ["|a"]),
  ("event: x\ndata: a\n\ndata: b\n\n", ["x|a", "|b"]),
  (": comment\ndata: a\n\n", ["|a"]),
  (": ping\n\n: ping\n\n", []),
  (":\n\ndata: a\n\n", ["|a"]),
  ("id: 1\nretry: 5\nother\ndata: a\n\n", ["|a"]),
  ("dataset: x\nevents: y\ndata: a\n\n", ["|a"]),
  ("datax\n\n", []),
  ("Data: a\n\n", []),
  (" data: a\n\n", []),
  ("\n\n\ndata: a\n\n\n\n", ["|a"]),
  ("\u{FEFF}data: a\n\n", ["|a"]),
  ("\u{FEFF}\u{FEFF}data: a\n\n", []),
  ("data: a\n\n\u{FEFF}data: b\n\n", ["|a"]),
  ("data: \u{FEFF}\n\n", ["|\u{FEFF}"]),
  ("data: {\"a\":\"\u{E4}\u{1F600}\"}\n\n", ["|{\"a\":\"\u{E4}\u{1F600}\"}"]),
  ("data: a\0b\n\n", ["|a\0b"]),
  ("data: a: b\n\n", ["|a: b"]),
  ("data: [DONE]\n\n", ["|[DONE]"]),
  ("data: a", []),
  ("data: a\n", []),
  ("", []),
  (
    "event: content_block_delta\ndata: a\n\nevent: content_block_delta\ndata: b\n\n",
    ["content_block_delta|a", "content_block_delta|b"]
  ),
])
func `events are found as the standard says, in every split`(_ text: String, _ expected: [String]) {
  #expect(events(text).events == expected, "\(text.debugDescription)")
}

@Test func `an event over the bound is skipped and the next one is found`() {
  let long = String(repeating: "a", count: 30)
  let text = "data: b\n\ndata: \(long)\n\ndata: c\n\n"
  #expect(events(text, maxEventBytes: 20) == Reading(events: ["|b", "|c"], oversized: 1))
}

@Test func `many lines that are over the bound together are skipped`() {
  let text = "data: 123456789\ndata: 123456789\ndata: 1\ndata: 2\n\nevent: n\ndata: c\n\n"
  #expect(events(text, maxEventBytes: 20) == Reading(events: ["n|c"], oversized: 1))
}

@Test func `an event may fill the bound`() {
  let text = "data:12345678\ndata:1234567890\n\n"
  #expect(events(text, maxEventBytes: 19).events == ["|12345678\n1234567890"])
  #expect(events(text, maxEventBytes: 18).events == [])
}

@Test func `an endless line is not stored`() {
  var scanner = SSEScanner(maxEventBytes: 1000)
  var count = 0
  let piece = [UInt8](repeating: 0x61, count: 4096)
  for _ in 0..<1000 { feed(piece) { scanner.feed($0) { _, _ in count += 1 } } }
  feed("\n\ndata: x\n\n") { scanner.feed($0) { _, _ in count += 1 } }
  #expect(count == 1)
  #expect(scanner.oversizedEvents == 1)
}

@Test func `data in one read is handed on without a copy`() {
  var scanner = SSEScanner()
  feed("data: abc\n\n") { bytes in
    var start: UnsafeRawPointer?
    scanner.feed(bytes) { _, data in start = data.baseAddress }
    #expect(start == bytes.baseAddress.map { $0 + 6 })
  }
}

@Test func `more names than are remembered are still told apart`() {
  let names = (0..<40).map { "name_number_\($0)_is_long" }
  let text = (names + names).map { "event: \($0)\ndata: x\n\n" }.joined()
  #expect(
    read([Array(text.utf8)], maxEventBytes: 100).events == (names + names).map { "\($0)|x" })
}
