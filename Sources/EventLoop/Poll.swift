import CUV

/// Watches a descriptor that is not a stream of this loop (a terminal, a listening socket).
public final class Poll: Handle {
  public struct Events: OptionSet, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }
    public static let readable = Events(rawValue: Int32(UV_READABLE.rawValue))
    /// Nothing but errors and a hang-up of both directions wakes this one on a TCP socket.
    static let urgent = Events(rawValue: Int32(UV_PRIORITIZED.rawValue))
  }

  let descriptor: Int32
  private var ready: ((Result<Events, UVError>) -> Void)?
  private var poll: UnsafeMutablePointer<uv_poll_t> {
    memory.assumingMemoryBound(to: uv_poll_t.self)
  }

  /// The descriptor stays its caller's, who closes it after `close`. It is made non-blocking.
  public init(loop: Loop, descriptor: Int32) throws(UVError) {
    self.descriptor = descriptor
    super.init(loop: loop, type: UV_POLL)
    try UVError.check(.poll, uv_poll_init(loop.raw, poll, descriptor))
    adopted()
  }

  /// Calls `ready` as long as one of the events holds. May be called again with other events.
  public func start(_ events: Events, _ ready: @escaping (Result<Events, UVError>) -> Void)
    throws(UVError)
  {
    guard !isClosed else { return }
    self.ready = ready
    let code = uv_poll_start(poll, events.rawValue) { handle, status, events in
      guard let data = cuv_handle_data(handle) else { return }
      Unmanaged<Poll>.fromOpaque(data)._withUnsafeGuaranteedRef { poll in
        poll.loop.works()
        let ready = poll.ready
        ready?(
          status < 0 ? .failure(UVError(.poll, status)) : .success(Events(rawValue: events)))
      }
    }
    try UVError.check(.poll, code)
  }

  public func stop() {
    if !isClosed { uv_poll_stop(poll) }
  }

  override func willClose() { ready = nil }
}
