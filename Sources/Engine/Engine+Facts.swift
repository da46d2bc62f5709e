import Bytes
import Prompt
import Proxy
import Turns
import Wire

/// What is taken from the head of a request.
extension Engine {
  /// Fields by which agents name a session, in order of trust.
  private static let sessionFields: [StaticString] = [
    "x-claude-code-session-id", "x-session-id", "session_id", "session-id", "conversation_id",
  ]

  private func credential(_ text: String?) -> Int {
    guard let text, !text.isEmpty else { return 0 }
    return credentialHash(text)
  }

  /// Most requests come from the program that sent the one before.
  private func agentName(_ userAgent: String?) -> String {
    if userAgent != lastAgent.userAgent {
      lastAgent = (userAgent, AgentName.from(userAgent: userAgent))
    }
    return lastAgent.name
  }

  func facts(_ request: ReceivedRequest, _ dialect: Dialect) -> RequestFacts {
    let fields = request.head.fields
    let hint = Self.sessionFields.lazy.compactMap { fields.first($0) }.first
    return RequestFacts(
      dialect: dialect,
      credential: credential(fields.first("authorization") ?? fields.first("x-api-key")),
      agent: agentName(fields.first("user-agent")),
      hint: hint.map { Digest(of: $0).low },
      betaFeatures: fields.withFirst("anthropic-beta") { hash64($0) } ?? 0,
      isSubscription: fields.first("authorization")?.hasPrefix("Bearer sk-ant-oat") ?? false,
      connection: request.connection,
      upstream: request.upstream,
      upstreamName: upstreams.indices.contains(request.upstream)
        ? upstreams[request.upstream].name : "",
      wallMillis: request.receivedAtMillis, nowMillis: clock.monotonicMillis())
  }
}
