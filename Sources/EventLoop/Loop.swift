import CUV
import Glibc

/// One libuv event loop. It and everything made with it belong to the thread that calls `run`;
/// only `Wakeup.send` may be called from elsewhere.
public final class Loop {
  let raw: UnsafeMutablePointer<uv_loop_t>
  private var deferred: [() -> Void] = []
  private var deferral: Timer?
  private var isOpen = true
  /// When the first callback of this round was called, as `monotonicNanos`; 0 while none was.
  var worksSince: UInt64 = 0

  /// Ignores SIGPIPE for the process: a peer that is gone is an error of the write.
  public init() throws(UVError) {
    signal(SIGPIPE, SIG_IGN)
    raw = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
    let code = uv_loop_init(raw)
    if code < 0 {
      raw.deallocate()
      isOpen = false
      throw UVError(.loop, code)
    }
  }

  deinit {
    // A loop that still has open handles is left alone: they point into it.
    if !isOpen { raw.deallocate() }
  }

  /// Runs until `stop` is called or no referenced handle is left.
  public func run() { uv_run(raw, UV_RUN_DEFAULT) }

  /// Waits for one round of events and handles them.
  public func runOnce() { uv_run(raw, UV_RUN_ONCE) }

  /// Makes `run` return after the current round.
  public func stop() { uv_stop(raw) }

  /// Every callback of libuv's says so before it does anything. libuv could tell its idle time, too,
  /// but looks at the sockets twice each round for it.
  @inline(__always)
  func works() {
    if worksSince == 0 { worksSince = uv_hrtime() }
  }

  /// Monotonic milliseconds as of the start of this round.
  public var nowMillis: UInt64 { uv_now(raw) }

  /// Refreshes `nowMillis` after something that took long.
  public func updateTime() { uv_update_time(raw) }

  public static func monotonicNanos() -> UInt64 { uv_hrtime() }

  /// Milliseconds since 1970.
  public static func wallMillis() -> Int64 {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
  }

  /// Runs `action` in the next round, never before the current callback has returned.
  public func soon(_ action: @escaping () -> Void) {
    deferred.append(action)
    if deferred.count > 1 { return }
    let timer = deferral ?? Timer(loop: self) { [unowned self] in runDeferred() }
    deferral = timer
    timer.start(afterMillis: 0)
  }

  private func runDeferred() {
    let actions = deferred
    deferred = []
    for action in actions { action() }
  }

  /// Releases the loop. Throws EBUSY while a handle is not closed or a request is under way.
  public func close() throws(UVError) {
    guard isOpen else { return }
    deferral?.close()
    deferral = nil
    // What they hold may hold the loop.
    deferred = []
    // Close callbacks of handles that were closed just before.
    for _ in 0..<4 where uv_loop_alive(raw) != 0 { uv_run(raw, UV_RUN_NOWAIT) }
    try UVError.check(.loop, uv_loop_close(raw))
    isOpen = false
  }
}
