import CUV

/// Calls `fire` on the loop thread for every delivery of a signal, instead of its default effect.
public final class SignalWatch: Handle {
  private var fire: (() -> Void)?

  public init(loop: Loop, signal: Int32, _ fire: @escaping () -> Void) throws(UVError) {
    self.fire = fire
    super.init(loop: loop, type: UV_SIGNAL)
    let watch = memory.assumingMemoryBound(to: uv_signal_t.self)
    try UVError.check(.signal, uv_signal_init(loop.raw, watch))
    adopted()
    let code = uv_signal_start(
      watch,
      { handle, _ in
        guard let data = cuv_handle_data(handle) else { return }
        Unmanaged<SignalWatch>.fromOpaque(data)._withUnsafeGuaranteedRef {
          $0.loop.works()
          $0.fire?()
        }
      }, signal)
    if code < 0 {
      close()
      throw UVError(.signal, code)
    }
  }

  override func willClose() { fire = nil }
}
