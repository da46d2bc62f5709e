import Bytes
import Wire

struct ChunkedReading: Reading {
  var decoder = ChunkedDecoder(limits: fuzzLimits)
  var body: [UInt8] = []
  var consumed = 0
  var error: WireError?

  init() {}

  mutating func feed(_ piece: UnsafeRawBufferPointer) {
    guard error == nil, !decoder.isFinished else { return }
    do throws(WireError) {
      var decoded: [UInt8] = []
      let taken = try decoder.consume(piece) { decoded.append(contentsOf: $0) }
      precondition(taken == piece.count || decoder.isFinished)
      body += decoded
      consumed += taken
    } catch {
      self.error = error
    }
  }

  static func == (a: ChunkedReading, b: ChunkedReading) -> Bool {
    // Data in front of a fault may or may not have been handed on.
    a.error == b.error && a.decoder.isFinished == b.decoder.isFinished
      && (a.error != nil || (a.body == b.body && a.consumed == b.consumed))
      && lines(a.decoder.trailers) == lines(b.decoder.trailers)
  }

  /// What was decoded comes out again after encoding.
  func check() {
    guard decoder.isFinished else { return }
    let out = ByteBuffer(capacity: 256)
    body.withUnsafeBytes { ChunkedEncoder.append(chunk: $0, to: out) }
    ChunkedEncoder.appendEnd(trailers: decoder.trailers, to: out)
    var second = ChunkedReading()
    second.feed(out.bytes)
    precondition(second.decoder.isFinished && second.body == body && second.consumed == out.count)
  }
}

struct EventReading: Reading {
  var scanner = SSEScanner(maxEventBytes: 32)
  var events: [String] = []

  init() {}

  mutating func feed(_ piece: UnsafeRawBufferPointer) {
    var found: [String] = []
    scanner.feed(piece) { name, data in
      precondition(data.count <= 32)
      found.append((name ?? "") + "|" + String(decoding: data, as: UTF8.self))
    }
    events += found
  }

  static func == (a: EventReading, b: EventReading) -> Bool {
    a.events == b.events && a.scanner.oversizedEvents == b.scanner.oversizedEvents
  }

  func check() {}
}
