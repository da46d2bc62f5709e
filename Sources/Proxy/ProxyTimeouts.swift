/// Time limits in milliseconds; 0 means no limit.
public struct ProxyTimeouts: Sendable, Equatable {
  /// Looking up an upstream's name and connecting to it, all of its addresses together.
  public var connect: UInt64 = 5_000
  /// From the first byte of a request (or from the connection being accepted) to the end of its
  /// head.
  public var requestHead: UInt64 = 10_000
  /// Between two pieces of a request body.
  public var bodyStall: UInt64 = 10_000
  /// From the forwarded request to the head of its response. A model may think as long as it likes.
  public var response: UInt64 = 0
  /// An agent's connection without a request.
  public var clientIdle: UInt64 = 75_000
  /// An upstream connection without a request; shorter than the 5 s after which llama.cpp closes.
  public var upstreamIdle: UInt64 = 4_000
  /// How long a connection whose last answer is written waits for its client to close it.
  var linger: UInt64 = 2_000

  init() {}
}
