import Bytes
import Testing
import TestSupport
import Wire

/// A small generator with a fixed seed, so that a failure can be repeated.
private struct Generator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ state >> 29
  }
}

private let parts = [
  "GET", "POST", "OPTIONS", "CONNECT", " ", "  ", "/", "/a?b", "*", "http://a/", "HTTP/1.1",
  "HTTP/1.0", "HTTP/2.0", "\r\n", "\r\n", "\r\n", "\r\n\r\n", "\n", "\r", "\t", "\0", ":", ": ",
  " : ",
  "Host: a", "Host: b", "Host", "Content-Length: 5", "Content-Length: 0", "Content-Length", "5, 5",
  "Transfer-Encoding: chunked", "Transfer-Encoding: gzip, chunked", "Transfer-Encoding", "chunked",
  "Connection: close", "Connection: X-A, host", "X-A: b", "Expect: 100-continue", "Upgrade: h2c",
  "hello", "5\r\nhello\r\n", "0\r\n\r\n", "\u{E4}", "%41", "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n",
]

/// Mostly a well-formed request with a few parts put in, taken out or repeated.
private func sample(_ generator: inout Generator) -> String {
  var words = [
    "POST", " ", "/a", " ", "HTTP/1.1", "\r\n", "Host: a", "\r\n", "Content-Length: 5", "\r\n",
    "X-A: b", "\r\n", "\r\n",
  ]
  for _ in 0..<Int.random(in: 0...4, using: &generator) {
    let at = Int.random(in: 0..<words.count, using: &generator)
    switch Int.random(in: 0..<4, using: &generator) {
    case 0: words.insert(parts.randomElement(using: &generator) ?? "", at: at)
    case 1: words[at] = parts.randomElement(using: &generator) ?? ""
    case 2: words.insert(words[at], at: at)
    default: if words.count > 1 { words.remove(at: at) }
    }
  }
  return words.joined()
}

/// Framing fields that a careless reader would find behind the first line of `text`: names at the start of a line ended by
/// any kind of line ending, cut at the first colon or white space.
private func looseFramingFields(_ text: String) -> [String] {
  text.utf8.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D }).dropFirst().compactMap { line in
    let name = line.prefix { $0 != UInt8(ascii: ":") && $0 > 0x20 }
    let text = String(decoding: name, as: UTF8.self).lowercased()
    return ["content-length", "transfer-encoding"].contains(text) ? text : nil
  }
}

@Test func `what is forwarded is read the same by a strict and by a careless reader`() throws {
  var generator = Generator(state: 42)
  var accepted = 0
  for _ in 0..<20_000 {
    let text = sample(&generator)
    var parser = RequestHeadParser()
    guard let head = try? consume(&parser, Array(text.utf8)).head else { continue }
    accepted += 1
    var length: Int?
    if case .length(let announced) = head.framing { length = announced }
    if head.framing == .chunked { length = 5 }
    let out = ByteBuffer(capacity: 64)
    HTTPSerializer.appendRequest(
      head: head, target: head.target, host: "up", bodyLength: length, to: out)
    let written = out.string(0..<out.count)
    var second = RequestHeadParser()
    let (consumed, read) = try consume(&second, Array(written.utf8))
    #expect(consumed == written.utf8.count, "\(text.debugDescription)")
    #expect(
      read?.framing == (length.map { .length($0) } ?? BodyFraming.none), "\(text.debugDescription)")
    #expect(read?.method == head.method)
    #expect(read?.target == head.target)
    #expect(looseFramingFields(written) == (length == nil ? [] : ["content-length"]))
    #expect(written.components(endings: "\r\n\r\n") == 1, "\(text.debugDescription)")
  }
  #expect(accepted > 2_000)
}

@Test func `random requests read the same in every split`() {
  var generator = Generator(state: 7)
  for _ in 0..<300 {
    let (_, disagreements) = SplitFeeder.read(Array(sample(&generator).utf8)) { readRequest($0) }
    #expect(disagreements == [])
  }
}

@Test func `random bytes never trap and never make a request`() {
  var generator = Generator(state: 99)
  for _ in 0..<5_000 {
    let count = Int.random(in: 0...64, using: &generator)
    let bytes = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
    if case .accepted = readRequest([bytes]) { Issue.record("accepted \(bytes)") }
    if case .accepted = readResponse([bytes]) { Issue.record("accepted \(bytes)") }
    _ = readChunked([bytes])
    var scanner = SSEScanner(maxEventBytes: 16)
    feed(bytes) { scanner.feed($0) { _, data in #expect(data.count <= 16) } }
  }
}

extension String {
  /// How often `ending` occurs.
  fileprivate func components(endings ending: String) -> Int {
    let text = Array(utf8)
    let part = Array(ending.utf8)
    return text.indices.count { text[$0...].starts(with: part) }
  }
}
