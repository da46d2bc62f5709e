import Bytes
import EventLoop
import Testing

@Suite struct TCPStreamTests {
  /// A connected pair on loopback, both reading.
  private final class Pair {
    let harness: LoopHarness
    let listener: TCPListener
    let near: TCPStream
    private(set) var far: TCPStream?
    let nearEvents = RecordingDelegate()
    let farEvents = RecordingDelegate()

    init() throws {
      harness = try LoopHarness()
      var accepted: TCPStream?
      listener = try TCPListener(
        loop: harness.loop, address: SocketAddress(ip: "127.0.0.1", port: 0)
      ) { accepted = $0 }
      near = TCPStream(loop: harness.loop)
      var isConnected = false
      near.connect(to: listener.address) { isConnected = $0 == nil }
      harness.wait(for: "a connection") { isConnected && accepted != nil }
      far = accepted
      near.delegate = nearEvents
      far?.delegate = farEvents
      near.startReading()
      far?.startReading()
    }

    func finish() {
      near.close()
      far?.close()
      listener.close()
      harness.finish()
    }
  }

  @Test func `slices are written in order as one stream of bytes`() throws {
    let pair = try Pair()
    let text = ByteBuffer("hello, world".utf8)
    pair.near.write([ByteSlice(text, 7..<12), ByteSlice(text, 5..<7), ByteSlice(text, 0..<5)])
    pair.harness.wait(for: "the bytes") { pair.farEvents.received.count == 12 }
    #expect(pair.farEvents.received == Array("world, hello".utf8))
    pair.finish()
  }

  @Test func `what the kernel does not take is queued and arrives complete`() throws {
    let pair = try Pair()
    pair.far?.stopReading()
    let big = ByteBuffer((0..<8_000_000).lazy.map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })
    pair.near.write([ByteSlice(big, 0..<5_000_000), ByteSlice(big, 5_000_000..<7_000_000)])
    #expect(pair.near.queuedBytes > 0)
    pair.near.write([ByteSlice(big, 7_000_000..<7_500_000)])
    pair.near.write(copying: UnsafeRawBufferPointer(rebasing: big.bytes[7_500_000...]))
    pair.far?.startReading()
    pair.harness.wait(for: "the bytes") { pair.farEvents.received.count == 8_000_000 }
    #expect(pair.farEvents.received.elementsEqual(big.bytes))
    pair.harness.wait(for: "the drain") { pair.nearEvents.drains == 1 }
    #expect(pair.near.queuedBytes == 0)
    pair.finish()
  }

  @Test func `bytes written by copy may change after the call`() throws {
    let pair = try Pair()
    pair.far?.stopReading()
    var sent = 0
    var piece = [UInt8](repeating: 1, count: 100_000)
    while pair.near.queuedBytes < 300_000 {
      piece.withUnsafeBytes { pair.near.write(copying: $0) }
      sent += piece.count
    }
    for index in piece.indices { piece[index] = 2 }
    pair.far?.startReading()
    pair.harness.wait(for: "the bytes") { pair.farEvents.received.count == sent }
    #expect(pair.farEvents.received.allSatisfy { $0 == 1 })
    pair.finish()
  }

  @Test func `shutdown ends one direction after the queue`() throws {
    let pair = try Pair()
    let big = ByteBuffer(capacity: 6_000_000)
    big.advance(by: 6_000_000)
    pair.near.write([ByteSlice(big)])
    pair.near.shutdown()
    pair.harness.wait(for: "the end") { pair.farEvents.hasEnded }
    #expect(pair.farEvents.received.count == 6_000_000)
    pair.far?.write([ByteSlice(ByteBuffer("still here".utf8))])
    pair.harness.wait(for: "the answer") { pair.nearEvents.received.count == 10 }
    pair.finish()
  }

  @Test func `a reset is a failure at the other end, not its end of data`() throws {
    let pair = try Pair()
    pair.near.reset()
    pair.harness.wait(for: "the failure") { pair.farEvents.failure != nil }
    #expect(pair.farEvents.failure?.name == "ECONNRESET")
    #expect(!pair.farEvents.hasEnded)
    pair.finish()
  }

  @Test func `a reset behind the end of data is reported to who watches for it`() throws {
    let pair = try Pair()
    pair.near.shutdown()
    pair.harness.wait(for: "the end") { pair.farEvents.hasEnded }
    pair.far?.watchForReset()
    pair.near.close()
    pair.far?.write([ByteSlice(ByteBuffer("anybody there?".utf8))])
    pair.harness.wait(for: "the failure") { pair.farEvents.failure != nil }
    pair.finish()
  }

  @Test func `a refused connection is reported`() throws {
    let harness = try LoopHarness()
    let listener = try TCPListener(
      loop: harness.loop, address: SocketAddress(ip: "127.0.0.1", port: 0)
    ) { $0.close() }
    let address = listener.address
    listener.close()
    let stream = TCPStream(loop: harness.loop)
    var failure: UVError?
    stream.connect(to: address) { failure = $0 }
    #expect(failure == nil)
    harness.wait(for: "the failure") { failure != nil }
    #expect(failure?.operation == .connect)
    #expect(failure?.name == "ECONNREFUSED")
    stream.close()
    harness.finish()
  }

  @Test func `closing while a write is queued frees everything`() throws {
    let pair = try Pair()
    let big = ByteBuffer(capacity: 6_000_000)
    big.advance(by: 6_000_000)
    pair.far?.stopReading()
    pair.near.write([ByteSlice(big)])
    #expect(pair.near.queuedBytes > 0)
    pair.finish()
    #expect(pair.nearEvents.failure == nil)
  }

  @Test func `both ends know their addresses`() throws {
    let pair = try Pair()
    #expect(pair.near.peerAddress == pair.listener.address)
    #expect(pair.far?.peerAddress == pair.near.localAddress)
    pair.finish()
  }
}
