/// Decides what happens in one exchange, from the complete request to the end of its response. Each
/// input returns the one thing to do; `Exchange` does it.
struct ExchangeStateMachine {
  enum Action: Equatable {
    case ignore
    /// Get a connection to the upstream, an idle one only if `allowingIdle`.
    case connect(allowingIdle: Bool)
    /// Write the request to the connection.
    case send
    /// Pass an interim response on.
    case relayInterim
    /// Drop this response and send the plan's other body on another connection.
    case sendFallback(status: Int)
    /// Write the head of the final response.
    case begin
    /// The response is complete.
    case finish
    /// Nothing of a response has been sent: answer instead of the upstream.
    case answer(status: Int, reason: String)
    /// A part of the response has been sent: break the client's connection off visibly.
    case truncate(reason: String)
    /// The client sent its end of data, which may mean that it is gone. Send it something that means
    /// nothing: if it is, its system answers with a reset.
    case probe
    /// The client is gone: close the upstream connection.
    case cancel
  }

  /// How an upstream connection ended in the middle of an exchange.
  struct Loss {
    let reason: String
    /// The upstream may have read the whole request and acted on it.
    let tookRequest: Bool
    /// The response lasts until the connection ends, and this end is a proper one.
    let endsResponse: Bool
  }

  private enum Phase {
    case idle
    case connecting
    case waiting(isReused: Bool, hasBytes: Bool)
    case relaying
    case over
  }

  private var phase = Phase.idle
  private var isReplaced = false
  private var hasFallback: Bool
  private var isProbed = false
  private var interims = 0
  private let isIdempotent: Bool
  private let clientMinorVersion: Int

  private static let maxInterims = 64

  init(method: String, clientMinorVersion: Int, hasFallback: Bool) {
    // RFC 9110 section 9.2.2
    isIdempotent =
      switch method {
      case "GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE": true
      default: false
      }
    self.clientMinorVersion = clientMinorVersion
    self.hasFallback = hasFallback
  }

  var isOver: Bool {
    if case .over = phase { return true }
    return false
  }

  mutating func start() -> Action {
    phase = .connecting
    return .connect(allowingIdle: true)
  }

  mutating func connected(isReused: Bool) -> Action {
    guard case .connecting = phase else { return .ignore }
    phase = .waiting(isReused: isReused, hasBytes: false)
    return .send
  }

  mutating func connectFailed(status: Int, reason: String) -> Action {
    guard case .connecting = phase else { return .ignore }
    return answer(status, reason)
  }

  /// Any byte of the upstream's: from here on it has seen the request.
  mutating func received() {
    interims = 0
    if case .waiting(let isReused, false) = phase {
      phase = .waiting(isReused: isReused, hasBytes: true)
    }
  }

  mutating func head(status: Int, isInformational: Bool) -> Action {
    guard case .waiting = phase else { return .ignore }
    if isInformational {
      interims += 1
      if interims > ExchangeStateMachine.maxInterims {
        return answer(502, "upstream sent too many interim responses")
      }
      // The request never asks for a 100: the client's expectation was met by the proxy. HTTP/1.0
      // knows no interim responses (RFC 9110 section 15.2).
      return status == 100 || clientMinorVersion == 0 ? .ignore : .relayInterim
    }
    // What servers answer to a body or a template input that they cannot take.
    if hasFallback, [400, 413, 422, 500].contains(status) {
      hasFallback = false
      phase = .connecting
      return .sendFallback(status: status)
    }
    phase = .relaying
    return .begin
  }

  mutating func completed() -> Action {
    guard case .relaying = phase else { return .ignore }
    phase = .over
    return .finish
  }

  /// The upstream connection ended or failed.
  mutating func lost(_ loss: Loss) -> Action {
    switch phase {
    case .idle, .connecting, .over:
      return .ignore
    case .waiting(isReused: true, hasBytes: false)
    where !isReplaced && (isIdempotent || !loss.tookRequest):
      // The upstream closed an idle connection while the request was on its way.
      isReplaced = true
      phase = .connecting
      return .connect(allowingIdle: false)
    case .waiting:
      return answer(502, loss.reason)
    case .relaying:
      phase = .over
      return loss.endsResponse ? .finish : .truncate(reason: loss.reason)
    }
  }

  /// The upstream sent something that is no HTTP response.
  mutating func malformed(reason: String) -> Action {
    switch phase {
    case .idle, .connecting, .over: return .ignore
    case .waiting: return answer(502, reason)
    case .relaying:
      phase = .over
      return .truncate(reason: reason)
    }
  }

  mutating func responseTimedOut() -> Action {
    guard case .waiting = phase else { return .ignore }
    return answer(504, "upstream did not answer in time")
  }

  /// The client ended its direction. That alone does not tell whether it still listens.
  mutating func clientEnded() -> Action {
    switch phase {
    case .over: return .ignore
    // The next bytes of the response may be long in coming.
    case .relaying: return .probe
    case .idle, .connecting, .waiting:
      if clientMinorVersion == 0 { return clientLost() }
      if isProbed { return .ignore }
      isProbed = true
      return .probe
    }
  }

  mutating func clientLost() -> Action {
    if case .over = phase { return .ignore }
    phase = .over
    return .cancel
  }

  private mutating func answer(_ status: Int, _ reason: String) -> Action {
    phase = .over
    return .answer(status: status, reason: reason)
  }
}
