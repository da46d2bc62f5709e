import CUV

/// Calls `fire` on the loop thread after a time, once or repeatedly.
public final class Timer: Handle {
  private var fire: (() -> Void)?
  private var timer: UnsafeMutablePointer<uv_timer_t> {
    memory.assumingMemoryBound(to: uv_timer_t.self)
  }

  public init(loop: Loop, _ fire: @escaping () -> Void) {
    self.fire = fire
    super.init(loop: loop, type: UV_TIMER)
    uv_timer_init(loop.raw, timer)
    adopted()
  }

  /// Starts over if it runs already. `repeatMillis` 0 means once.
  public func start(afterMillis: UInt64, repeatMillis: UInt64 = 0) {
    guard !isClosed else { return }
    uv_timer_start(
      timer,
      { handle in
        guard let data = cuv_handle_data(handle) else { return }
        Unmanaged<Timer>.fromOpaque(data)._withUnsafeGuaranteedRef {
          $0.loop.works()
          $0.fire?()
        }
      }, afterMillis, repeatMillis)
  }

  public func stop() {
    if !isClosed { uv_timer_stop(timer) }
  }

  public var isActive: Bool { !isClosed && uv_is_active(cuv_handle(memory)) != 0 }

  override func willClose() { fire = nil }
}
