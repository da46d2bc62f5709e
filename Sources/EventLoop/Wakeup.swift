import CUV
import Synchronization

/// Lets any thread call `fire` on the loop thread. Several sends before the loop gets to it are one
/// call.
public final class Wakeup: Sendable {
  private final class Receiver: Handle {
    var fire: (() -> Void)?

    init(loop: Loop, fire: @escaping () -> Void) throws(UVError) {
      self.fire = fire
      super.init(loop: loop, type: UV_ASYNC)
      let code = uv_async_init(
        loop.raw, memory.assumingMemoryBound(to: uv_async_t.self),
        { handle in
          guard let data = cuv_handle_data(handle) else { return }
          Unmanaged<Receiver>.fromOpaque(data)._withUnsafeGuaranteedRef {
            $0.loop.works()
            $0.fire?()
          }
        })
      try UVError.check(.wakeup, code)
      adopted()
    }

    override func willClose() { fire = nil }
  }

  /// Address of the handle while it is open; guards `send` against a close on the loop thread.
  private let target: Mutex<UInt>
  // Touched on the loop thread only.
  private nonisolated(unsafe) let receiver: Receiver

  /// To be called on the loop thread (or before it starts).
  public init(loop: Loop, _ fire: @escaping () -> Void) throws(UVError) {
    receiver = try Receiver(loop: loop, fire: fire)
    target = Mutex(UInt(bitPattern: receiver.memory))
  }

  /// From any thread. Does nothing once closed.
  public func send() {
    target.withLock { address in
      guard let memory = UnsafeMutablePointer<uv_async_t>(bitPattern: address) else { return }
      uv_async_send(memory)
    }
  }

  /// On the loop thread.
  public func close() {
    target.withLock { $0 = 0 }
    receiver.close()
  }
}
