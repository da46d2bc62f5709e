import Synchronization

/// What the server saw and did, readable from any thread. Bounded: the oldest bodies go first.
public final class SimulatorRecord: Sendable {
  /// One request as it arrived.
  public struct Request: Sendable, Equatable {
    let method: String
    public let target: String
    let userAgent: String?
    /// The decoded body, byte for byte.
    public let body: [UInt8]
  }

  /// Running totals since the server was made.
  struct Counts: Sendable, Equatable {
    var requests = 0
    var connections = 0
    /// Answers that were sent to their end.
    var completed = 0
    /// Answers that ended early because the client left.
    var cancelled = 0
    /// Requests answered with an error.
    var refused = 0
    /// Prompts being worked on, without those that wait for a slot.
    var running = 0
    var waiting = 0
    /// Prompt tokens computed, prompt tokens found in the cache, tokens generated.
    var processedTokens = 0
    var cachedTokens = 0
    var generatedTokens = 0
  }

  private struct State {
    var requests: [Request] = []
    var bytes = 0
    var counts = Counts()
  }

  private static let maxBytes = 64 << 20
  private let limit: Int
  private let state = Mutex(State())

  init(limit: Int) {
    self.limit = max(1, limit)
  }

  /// The latest requests that carried a body, oldest first.
  public var requests: [Request] { state.withLock { $0.requests } }

  var counts: Counts { state.withLock { $0.counts } }

  func add(_ request: Request) {
    state.withLock { state in
      state.requests.append(request)
      state.bytes += request.body.count
      while state.requests.count > limit
        || (state.bytes > Self.maxBytes && state.requests.count > 1)
      {
        state.bytes -= state.requests.removeFirst().body.count
      }
    }
  }

  func count(_ change: (inout Counts) -> Void) {
    state.withLock { change(&$0.counts) }
  }
}
