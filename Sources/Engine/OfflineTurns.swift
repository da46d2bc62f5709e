public import Bytes
import Prefix
public import Prompt
public import Turns

/// Judges captured requests in the order they were sent, without any server: the same verdicts as on
/// the wire, with estimated tokens.
public final class OfflineTurns {
  private let sessions: SessionTable
  private var requests: UInt64 = 0

  public init() {
    var limits = SessionLimits()
    limits.bodyBytes = 1 << 30
    sessions = SessionTable(limits: limits)
  }

  /// - Returns: nil if the body is no request that can be measured.
  public func turn(_ body: ByteBuffer, dialect: Dialect? = nil) -> TurnRecord? {
    guard let dialect = dialect ?? Self.dialect(of: body.bytes) else { return nil }
    requests += 1
    let facts = RequestFacts(
      dialect: dialect, credential: 0, agent: "", hint: nil, connection: 0, upstream: 0,
      upstreamName: "", wallMillis: 0, nowMillis: requests)
    let key = GroupKey(credential: 0, upstream: 0, dialect: dialect)
    return sessions.receive(
      body, dialect: dialect,
      RequestContext(key: key, hint: nil, connection: 0, now: requests)
    ).map { TurnBuilder.record($0, facts) }
  }

  /// The dialect a body is written in, by the members that only one of them has.
  static func dialect(of body: UnsafeRawBufferPointer) -> Dialect? {
    var scanner = JSONScanner(body)
    scanner.skipWhitespace()
    var names: Set<String> = []
    guard
      scanner.members({ key, _ in
        names.insert(String(decoding: body[key].prefix(32), as: UTF8.self))
        return true
      })
    else { return nil }
    if names.contains("input") { return .openAIResponses }
    if names.contains("messages") {
      return names.contains("system") || isAnthropic(body) ? .anthropicMessages : .openAIChat
    }
    return names.contains("prompt") ? .openAICompletions : nil
  }

  /// Without a system prompt the shape of the tools and of tool parts tells.
  private static func isAnthropic(_ body: UnsafeRawBufferPointer) -> Bool {
    findBytes("\"input_schema\"", in: body) != nil || findBytes("\"tool_use_id\"", in: body) != nil
  }
}
