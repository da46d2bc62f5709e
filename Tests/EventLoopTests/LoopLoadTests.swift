import Bytes
import Glibc
import Testing

@testable import EventLoop

@Suite struct LoopLoadTests {
  @Test func `a time is at most 3 % shorter than the bound of its place, and never longer`() {
    var last = -1
    for power in 10..<33 {
      for part in [0.0, 0.3, 0.999] {
        let nanos = UInt64(exp2(Double(power)) * (1 + part))
        let place = FineScale.place(nanos)
        let bound = FineScale.bound(place)
        #expect(nanos < bound)
        #expect(Double(bound) <= Double(nanos) * 1.032)
        #expect(place >= last)
        last = place
      }
    }
    #expect(FineScale.place(0) == 0)
    #expect(FineScale.place(.max) == FineScale.count - 1)
  }

  @Test func `a round that holds traffic up for long is told of`() throws {
    let harness = try LoopHarness()
    let load = try LoopLoad(loop: harness.loop)
    var stalls: [UInt64] = []
    load.onStall = { stalls.append($0) }
    var fired = 0
    let timer = Timer(loop: harness.loop) {
      fired += 1
      let end = Loop.monotonicNanos() + (fired == 2 ? LoopLoad.stallNanos : 1_000_000)
      while Loop.monotonicNanos() < end {}
    }
    timer.start(afterMillis: 1, repeatMillis: 1)
    harness.wait(for: "rounds") { fired >= 5 }
    #expect(stalls.contains { $0 >= LoopLoad.stallNanos })
    #expect(stalls.count < fired)
    timer.close()
    load.close()
    harness.finish()
  }

  /// Works for longer than a stall, in each kind of callback that a loop has.
  @Test(arguments: ["accept", "connect", "read", "drain", "wakeup", "look-up"])
  func `work is told of, whatever called for it`(_ kind: String) throws {
    let harness = try LoopHarness()
    let load = try LoopLoad(loop: harness.loop)
    var stalls = 0
    load.onStall = { _ in stalls += 1 }
    func works(in callback: String) {
      guard callback == kind else { return }
      let end = Loop.monotonicNanos() + LoopLoad.stallNanos
      while Loop.monotonicNanos() < end {}
    }
    let far = WorkingDelegate()
    far.read = { works(in: "read") }
    let near = WorkingDelegate()
    near.drained = { works(in: "drain") }
    var accepted: TCPStream?
    let listener = try TCPListener(
      loop: harness.loop, address: SocketAddress(ip: "127.0.0.1", port: 0)
    ) {
      accepted = $0
      works(in: "accept")
    }
    let stream = TCPStream(loop: harness.loop)
    var isConnected = false
    stream.connect(to: listener.address) { _ in
      isConnected = true
      works(in: "connect")
    }
    harness.wait(for: "a connection") { isConnected && accepted != nil }
    stream.delegate = near
    accepted?.delegate = far
    // More than the kernel takes at once.
    stream.write([ByteSlice(ByteBuffer(Array(repeating: 7, count: 32 << 20)))])
    accepted?.startReading()
    harness.wait(for: "the bytes") { near.isDrained && far.count == 32 << 20 }
    var isAwake = false
    let wakeup = try Wakeup(loop: harness.loop) {
      isAwake = true
      works(in: "wakeup")
    }
    wakeup.send()
    harness.wait(for: "the wakeup") { isAwake }
    var isLookedUp = false
    Resolver.resolve(loop: harness.loop, host: "127.1", port: 1) { _ in
      isLookedUp = true
      works(in: "look-up")
    }
    harness.wait(for: "the look-up") { isLookedUp }
    harness.wait(for: "the stall") { stalls > 0 }
    accepted?.close()
    stream.close()
    listener.close()
    wakeup.close()
    load.close()
    harness.finish()
  }

  @Test func `rounds of a loop are told by how long they worked`() throws {
    let harness = try LoopHarness()
    let load = try LoopLoad(loop: harness.loop)
    #expect(load.figures.quantile(0.99) == nil)
    var fired = 0
    let timer = Timer(loop: harness.loop) {
      fired += 1
      // One round in all works for 20 ms; a loop that waits does not count.
      guard fired == 2 else { return }
      let end = Loop.monotonicNanos() + 20_000_000
      while Loop.monotonicNanos() < end {}
    }
    timer.start(afterMillis: 1, repeatMillis: 1)
    harness.wait(for: "rounds") { fired >= 20 }
    let longest = try #require(load.figures.quantile(1))
    #expect(longest >= 0.02)
    #expect(try #require(load.figures.quantile(0.5)) < longest)
    #expect(load.figures.seconds >= 0.02)
    timer.close()
    load.close()
    harness.finish()
  }
}

/// Does something each time it is called.
private final class WorkingDelegate: StreamDelegate {
  var read: (() -> Void)?
  var drained: (() -> Void)?
  var count = 0
  var isDrained = false
  private let slab = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)

  deinit { slab.deallocate() }

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { slab }
  func stream(_ stream: TCPStream, didRead count: Int) {
    if self.count == 0 { read?() }
    self.count += count
  }
  func streamDidEnd(_ stream: TCPStream) {}
  func stream(_ stream: TCPStream, failed error: UVError) {}
  func streamDidDrain(_ stream: TCPStream) {
    isDrained = true
    drained?()
  }
}
