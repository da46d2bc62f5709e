import Bytes
import EventLoop
import TLS
import TestSupport
import Testing

/// Remembers what a stream delivers.
private final class Sink: StreamDelegate {
  var received: [UInt8] = []
  var hasEnded = false
  var failure: UVError?
  var drains = 0
  var onRead: (() -> Void)?
  private let slab: UnsafeMutableRawBufferPointer

  init(bytes: Int) {
    slab = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 16)
  }

  deinit { slab.deallocate() }

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { slab }
  func stream(_ stream: TCPStream, didRead count: Int) {
    received += slab[..<count]
    onRead?()
  }
  func streamDidEnd(_ stream: TCPStream) { hasEnded = true }
  func stream(_ stream: TCPStream, failed error: UVError) { failure = error }
  func streamDidDrain(_ stream: TCPStream) { drains += 1 }
}

/// A client stream and the server's end, connected.
private final class Pair {
  let test: TestLoop
  let upstream: TLSUpstream
  let client: TLSStream
  let transport: TCPStream
  let server: TLSPeer
  let sink: Sink
  private let authority: TestAuthority

  init(bufferBytes: Int = 65_536) throws {
    let test = try TestLoop()
    self.test = test
    authority = try TestAuthority()
    let upstream = try TLSUpstream(
      loop: test.loop, identity: try authority.issue("IP:127.0.0.1"))
    self.upstream = upstream
    let context = try TLSContext(authorities: authority.file)
    let transport = TCPStream(loop: test.loop)
    let client = try TLSStream(
      over: transport, to: TLSServer(host: "127.0.0.1", context: context), loop: test.loop)
    var isDone = false
    transport.connect(to: upstream.address) { error in
      #expect(error == nil)
      client.handshake {
        #expect($0 == nil)
        isDone = true
      }
    }
    #expect(test.run { isDone && upstream.connections.first?.isEstablished == true })
    self.client = client
    self.transport = transport
    server = try #require(upstream.connections.first)
    sink = Sink(bytes: bufferBytes)
    client.delegate = sink
  }

  func finish() throws {
    client.close()
    upstream.close()
    try test.loop.close()
  }
}

@Suite struct TLSStreamTests {
  private static let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 / 256) }

  @Test(arguments: [1, 7, 16_384, 65_536])
  func `bytes arrive whatever the size of the buffer they are read into`(size: Int) throws {
    let pair = try Pair(bufferBytes: size)
    pair.server.send(Self.bytes)
    pair.client.startReading()
    #expect(pair.test.run { pair.sink.received.count == Self.bytes.count })
    #expect(pair.sink.received == Self.bytes)
    try pair.finish()
  }

  @Test(arguments: [1, 5, 1000])
  func `records arrive whatever the pieces they come in`(piece: Int) throws {
    let pair = try Pair()
    let bytes = Array(Self.bytes[..<(piece == 1 ? 300 : 5000)])
    pair.server.dripBytes = piece
    pair.client.startReading()
    pair.server.send(bytes)
    #expect(pair.test.run { pair.sink.received.count == bytes.count })
    #expect(pair.sink.received == bytes)
    try pair.finish()
  }

  @Test func `nothing is delivered while reading is stopped`() throws {
    let pair = try Pair(bufferBytes: 1000)
    pair.sink.onRead = { pair.client.stopReading() }
    pair.server.send(Self.bytes)
    var count = 0
    while count < Self.bytes.count {
      pair.client.startReading()
      #expect(pair.test.run { pair.sink.received.count > count })
      count = pair.sink.received.count
      pair.test.settle(rounds: 1)
      #expect(pair.sink.received.count == count)
    }
    #expect(pair.sink.received == Self.bytes)
    pair.sink.onRead = nil
    try pair.finish()
  }

  @Test func `the announced end comes after the data, and only while reading`() throws {
    let pair = try Pair()
    pair.sink.onRead = { pair.client.stopReading() }
    pair.client.startReading()
    pair.server.send("last words")
    pair.server.end()
    #expect(pair.test.run { !pair.sink.received.isEmpty })
    pair.test.settle()
    #expect(!pair.sink.hasEnded)
    pair.client.startReading()
    #expect(pair.test.run { pair.sink.hasEnded })
    #expect(pair.sink.failure == nil)
    #expect(pair.sink.received == Array("last words".utf8))
    pair.sink.onRead = nil
    try pair.finish()
  }

  @Test(arguments: [true, false])
  func `what came before the connection's end is delivered before it`(stopsAgain: Bool) throws {
    let pair = try Pair(bufferBytes: 1000)
    pair.sink.onRead = { pair.client.stopReading() }
    pair.client.startReading()
    pair.server.send(Array(Self.bytes[..<16_000]))
    #expect(pair.test.run { !pair.sink.received.isEmpty })
    if !stopsAgain { pair.sink.onRead = nil }
    pair.client.startReading()
    // In one round with the start of reading, before what is left is looked at.
    pair.client.streamDidEnd(pair.transport)
    #expect(
      pair.test.run {
        pair.client.startReading()
        return pair.sink.failure != nil
      })
    #expect(pair.sink.received == Array(Self.bytes[..<16_000]))
    #expect(pair.client.failure == .truncated)
    pair.sink.onRead = nil
    try pair.finish()
  }

  @Test func `an end that is not announced is a failure`() throws {
    let pair = try Pair()
    pair.client.startReading()
    pair.server.endSilently()
    #expect(pair.test.run { pair.sink.failure != nil })
    #expect(pair.sink.failure?.operation == .tls)
    #expect(pair.client.failure == .truncated)
    #expect(!pair.sink.hasEnded)
    try pair.finish()
  }

  @Test func `many small pieces and a big one arrive in order`() throws {
    let pair = try Pair()
    let buffer = ByteBuffer(Self.bytes)
    var parts = (0..<5000).map { ByteSlice(buffer, $0 * 10..<$0 * 10 + 10) }
    parts.append(ByteSlice(buffer, 50_000..<Self.bytes.count))
    pair.client.write(parts)
    #expect(pair.test.run { pair.server.received.count == Self.bytes.count })
    #expect(pair.server.received == Self.bytes)
    #expect(pair.client.queuedBytes == 0)
    try pair.finish()
  }

  @Test func `what the peer does not take is neither lost nor encrypted in advance`() throws {
    let pair = try Pair()
    pair.server.stopReading()
    pair.server.discardsInput = true
    let big = ByteBuffer([UInt8](repeating: 7, count: 24_000_000))
    pair.client.write([ByteSlice(big)])
    pair.test.settle(rounds: 50)
    #expect(pair.client.queuedBytes > big.count / 4)
    pair.server.startReading()
    #expect(pair.test.run { pair.server.receivedCount == big.count })
    #expect(pair.test.run { pair.sink.drains > 0 })
    #expect(pair.client.queuedBytes == 0)
    try pair.finish()
  }
}
