import CUV

/// What all handles share: libuv's memory, which lives until the close callback has run.
///
/// An open handle keeps itself alive (the loop holds the reference), so it must be closed by its
/// owner; dropping the last other reference does not close it.
public class Handle {
  final let memory: UnsafeMutableRawPointer
  final let loop: Loop
  public private(set) final var isClosed = false

  init(loop: Loop, type: uv_handle_type) {
    self.loop = loop
    memory = UnsafeMutableRawPointer.allocate(byteCount: uv_handle_size(type), alignment: 16)
  }

  deinit { memory.deallocate() }

  /// To be called once libuv's init function has accepted the memory.
  final func adopted() {
    cuv_set_handle_data(memory, Unmanaged.passRetained(self).toOpaque())
  }

  /// Ends the handle. Idempotent; none of its callbacks runs afterwards.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    willClose()
    uv_close(cuv_handle(memory)) { handle in
      guard let data = cuv_handle_data(handle) else { return }
      Unmanaged<Handle>.fromOpaque(data).release()
    }
  }

  /// Lets go of everything that could keep the owner alive.
  func willClose() {}

  /// An unreferenced handle does not keep `Loop.run` from returning.
  final func unreference() { uv_unref(cuv_handle(memory)) }
}
