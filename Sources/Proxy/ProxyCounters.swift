/// How busy a proxy is.
public struct ProxyCounters: Sendable, Equatable {
  /// Connections of agents.
  public let connections: Int
  /// Requests that were received completely and whose response has not ended.
  let inFlight: Int
  /// Requests for which an exchange was begun.
  let requests: UInt64
  public let upstreamConnections: Int
  public let idleUpstreamConnections: Int
}
