import CZlib
import Decompression
import TestSupport
import Testing

private let codings: [ContentCoding] = [.gzip, .deflate, .brotli, .zstd]
private let text = Array(
  (0..<60).map { "data: {\"choices\":[{\"delta\":{\"content\":\"word \($0 * 7919)\"}}]}\n\n" }
    .joined().utf8)

/// What a decoder made of an input.
private struct Reading: Equatable, CustomStringConvertible {
  var bytes: [UInt8] = []
  var state = Decompressor.State.reading
  var isComplete = false

  var isText: Bool { bytes == text }
  var description: String { "\(bytes.count) bytes, \(state), complete: \(isComplete)" }

  init(_ coding: ContentCoding, _ pieces: [[UInt8]], limits: DecompressionLimits = .init()) {
    guard let decompressor = Decompressor(coding, limits: limits) else { return }
    var bytes: [UInt8] = []
    for piece in pieces {
      piece.withUnsafeBytes { decompressor.read($0) { bytes.append(contentsOf: $0) } }
    }
    self.bytes = bytes
    state = decompressor.state
    isComplete = decompressor.isComplete
  }
}

@Suite struct DecompressorTests {
  @Test(arguments: codings)
  func `the text comes out however the answer is cut`(_ coding: ContentCoding) {
    let (reading, disagreements) = SplitFeeder.read(Compressed.bytes(coding, text)) {
      let reading = Reading(coding, $0)
      return [reading.bytes == text, reading.isComplete]
    }
    #expect(reading == [true, true])
    #expect(disagreements.isEmpty)
  }

  @Test func `deflate without the frame it should have is read, too`() {
    let (reading, disagreements) = SplitFeeder.read(
      Compressed.deflated(text, windowBits: -15)
    ) { Reading(.deflate, $0) }
    #expect(reading.isText)
    #expect(reading.state == .finished)
    #expect(disagreements.isEmpty)
  }

  @Test(arguments: [ContentCoding.gzip, .zstd])
  func `several members or frames in a row are one text`(_ coding: ContentCoding) {
    let half = text.count / 2
    let parts =
      Compressed.bytes(coding, Array(text[..<half]))
      + Compressed.bytes(coding, Array(text[half...]))
    let (reading, disagreements) = SplitFeeder.read(parts) { Reading(coding, $0) }
    #expect(reading.isText)
    #expect(reading.isComplete)
    #expect(disagreements.isEmpty)
  }

  @Test(arguments: [Int32(16 + 15), 15, -15])
  func `an event that the server flushed is seen at once`(_ windowBits: Int32) throws {
    let events = (0..<5).map { Array("data: {\"n\":\($0)}\n\n".utf8) }
    let coded = Compressed.flushed(events, windowBits: windowBits)
    let decompressor = try #require(Decompressor(windowBits > 15 ? .gzip : .deflate))
    for (event, piece) in zip(events, coded) {
      var seen: [UInt8] = []
      piece.withUnsafeBytes { decompressor.read($0) { seen.append(contentsOf: $0) } }
      #expect(seen == event)
    }
  }

  @Test(arguments: codings)
  func `an answer that is cut off is not complete`(_ coding: ContentCoding) {
    let whole = Compressed.bytes(coding, text)
    for end in stride(from: 0, to: whole.count - 1, by: 7) {
      let reading = Reading(coding, [Array(whole[..<end])])
      #expect(!reading.isComplete)
      #expect(text.starts(with: reading.bytes))
    }
  }

  @Test(arguments: codings)
  func `garbage stops the reading`(_ coding: ContentCoding) {
    let garbage = Array("{\"error\":\"not compressed at all, whatever the header says\"}".utf8)
    let reading = Reading(coding, [garbage, garbage])
    #expect(reading.state != .reading || !reading.isComplete)
    var broken = Compressed.bytes(coding, text)
    for at in stride(from: 0, to: broken.count, by: 3) {
      broken[at] ^= 0x55
      let reading = Reading(coding, [broken])
      #expect(reading.bytes.count <= 64 * text.count)
      broken[at] ^= 0x55
    }
  }

  @Test(arguments: codings)
  func `a small answer that becomes a huge one stops the reading early`(_ coding: ContentCoding) {
    let bomb = Compressed.bytes(coding, [UInt8](repeating: 0x20, count: 48 << 20))
    let reading = Reading(coding, [bomb])
    #expect(reading.state == .stopped(.tooLarge))
    #expect(reading.bytes.count <= 10 << 20)
  }

  @Test(arguments: codings)
  func `the limit of all output holds over many pieces`(_ coding: ContentCoding) {
    var limits = DecompressionLimits()
    limits.totalBytes = 1000
    let coded = Compressed.bytes(coding, text)
    let reading = Reading(coding, coded.map { [$0] }, limits: limits)
    #expect(reading.state == .stopped(.tooLarge))
    #expect(reading.bytes.count < 1000 + 32 * 1024)
  }

  @Test func `a zstd window beyond the bound is refused`() {
    let reading = Reading(.zstd, [Compressed.zstd(text, windowLog: 27)])
    #expect(reading.state == .stopped(.malformed))
    #expect(!reading.isComplete)
  }

  @Test(arguments: codings)
  func `what follows the end is ignored`(_ coding: ContentCoding) {
    let reading = Reading(coding, [Compressed.bytes(coding, text) + [0, 0, 0, 0, 0]])
    #expect(reading.isText)
  }
}

@Suite struct ContentCodingTests {
  @Test(arguments: [
    ("gzip", ContentCoding.gzip), ("X-Gzip", .gzip), ("deflate", .deflate), (" br ", .brotli),
    ("ZSTD", .zstd), ("identity", .identity), ("", .identity), ("identity, gzip", .gzip),
    ("gzip,", .gzip),
  ])
  func `a coding is known by its name`(_ value: String, _ coding: ContentCoding) {
    #expect(ContentCoding(contentEncoding: value) == coding)
  }

  @Test(arguments: ["compress", "gzip, br", "aes128gcm", "gzip;q=1", "dcz"])
  func `other codings are left alone`(_ value: String) {
    #expect(ContentCoding(contentEncoding: value) == nil)
  }

  @Test func `without the field there is no coding`() {
    #expect(ContentCoding(contentEncoding: nil) == .identity)
  }
}
