/// Looks one name up, once at a time: whoever asks while a look-up runs gets its result. A look-up
/// cannot be ended, and libuv carries out few at a time, so that one name server which does not answer
/// would soon hold up all other names as well.
public final class NameLookup {
  /// A question that waits for its answer.
  public final class Waiter {
    fileprivate var done: ((Result<[SocketAddress], UVError>) -> Void)?

    fileprivate init(_ done: @escaping (Result<[SocketAddress], UVError>) -> Void) {
      self.done = done
    }

    public func cancel() { done = nil }
  }

  private let loop: Loop
  private let host: String
  private let port: Int
  private var running: Resolver?
  private var waiters: [Waiter] = []

  public init(loop: Loop, host: String, port: Int) {
    self.loop = loop
    self.host = host
    self.port = port
  }

  /// `done` is called as `Resolver` says; not at all after the waiter's `cancel` or after `close`.
  public func ask(_ done: @escaping (Result<[SocketAddress], UVError>) -> Void) -> Waiter {
    let waiter = Waiter(done)
    // A look-up may take so long that many give up on it.
    waiters.removeAll { $0.done == nil }
    waiters.append(waiter)
    if running == nil {
      running = Resolver.resolve(loop: loop, host: host, port: port) { [weak self] result in
        self?.answer(result)
      }
    }
    return waiter
  }

  private func answer(_ result: Result<[SocketAddress], UVError>) {
    running = nil
    let answered = waiters
    waiters = []
    for waiter in answered {
      let done = waiter.done
      waiter.done = nil
      done?(result)
    }
  }

  public func close() {
    waiters = []
    running?.cancel()
    running = nil
  }
}
