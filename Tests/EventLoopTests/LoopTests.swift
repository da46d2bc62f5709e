import EventLoop
import Glibc
import Testing

@Suite struct LoopTests {
  @Test func `a timer fires once or again and again`() throws {
    let harness = try LoopHarness()
    var once = 0
    var often = 0
    let first = Timer(loop: harness.loop) { once += 1 }
    let second = Timer(loop: harness.loop) { often += 1 }
    first.start(afterMillis: 1)
    second.start(afterMillis: 1, repeatMillis: 1)
    harness.wait(for: "repetitions") { often >= 3 }
    #expect(once == 1)
    #expect(!first.isActive)
    second.stop()
    #expect(!second.isActive)
    first.close()
    second.close()
    second.close()
    harness.finish()
  }

  @Test func `closing a loop with an open handle is refused`() throws {
    let harness = try LoopHarness()
    let timer = Timer(loop: harness.loop) {}
    #expect(throws: UVError.self) { try harness.loop.close() }
    timer.close()
    harness.finish()
  }

  @Test func `deferred work never runs inside the caller`() throws {
    let harness = try LoopHarness()
    var order: [Int] = []
    harness.loop.soon {
      harness.loop.soon { order.append(3) }
      order.append(2)
    }
    order.append(1)
    harness.wait(for: "both") { order.count == 3 }
    #expect(order == [1, 2, 3])
    harness.finish()
  }

  @Test func `another thread wakes the loop`() throws {
    let harness = try LoopHarness()
    var isAwake = false
    let wakeup = try Wakeup(loop: harness.loop) { isAwake = true }
    let thread = startThread(wakeup)
    harness.wait(for: "the wake-up") { isAwake }
    pthread_join(thread, nil)
    wakeup.close()
    wakeup.send()
    harness.finish()
  }

  @Test func `a signal arrives as an event`() throws {
    let harness = try LoopHarness()
    var count = 0
    let watch = try SignalWatch(loop: harness.loop, signal: SIGUSR2) { count += 1 }
    kill(getpid(), SIGUSR2)
    harness.wait(for: "the signal") { count == 1 }
    watch.close()
    harness.finish()
  }

  @Test func `a descriptor is polled until its watch is stopped`() throws {
    let harness = try LoopHarness()
    var ends: [Int32] = [0, 0]
    #expect(pipe(&ends) == 0)
    let poll = try Poll(loop: harness.loop, descriptor: ends[0])
    var seen: [Poll.Events] = []
    try poll.start(.readable) { result in
      if case .success(let events) = result { seen.append(events) }
      poll.stop()
    }
    write(ends[1], "x", 1)
    harness.wait(for: "the event") { !seen.isEmpty }
    #expect(seen == [.readable])
    poll.close()
    close(ends[0])
    close(ends[1])
    harness.finish()
  }

  @Test func `a file cannot be polled`() throws {
    let harness = try LoopHarness()
    let file = open("/etc/passwd", O_RDONLY)
    #expect(throws: UVError(.poll, -EPERM)) { try Poll(loop: harness.loop, descriptor: file) }
    close(file)
    harness.finish()
  }

  private func startThread(_ wakeup: Wakeup) -> pthread_t {
    var thread = pthread_t()
    pthread_create(
      &thread, nil,
      { raw in
        guard let raw else { return nil }
        Unmanaged<Wakeup>.fromOpaque(raw).takeRetainedValue().send()
        return nil
      }, Unmanaged.passRetained(wakeup).toOpaque())
    return thread
  }
}
