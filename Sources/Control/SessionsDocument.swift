import Bytes
import Prefix
import Turns
import Upstream

/// The sessions as one JSON object, those used last in front.
enum SessionsDocument {
  static func bytes(_ memory: TrafficMemory) -> [UInt8] {
    var json = JSONObjectWriter()
    json.add("mode", memory.defaultMode.name)
    json.add(
      "sessions",
      objects: memory.sessions.values.sorted { a, b in
        (b.lastActivity, a.id) < (a.lastActivity, b.id)
      }.map(object))
    return json.finish()
  }

  private static func object(_ session: TrafficMemory.KnownSession) -> [UInt8] {
    let latest = session.latest
    var json = JSONObjectWriter()
    json.add("session", session.id.description)
    json.add("parent_session", latest.parent?.description)
    json.add("agent", latest.agent)
    json.add("model", latest.model)
    json.add("upstream", latest.upstream)
    json.add("mode", session.mode.name)
    json.add("repairs", session.repairs.names)
    json.add("turn", latest.turn)
    json.add("in_flight", session.inFlight.count)
    json.add("last_activity", Double(session.lastActivity) / 1000)
    json.add("kept", latest.keptShare)
    json.add("sent", latest.sentShare)
    json.add("hit", session.window.last?.hitShare)
    json.add("cause", latest.verdict.cause == .none ? nil : "\(latest.verdict.cause)")
    json.add("path", latest.verdict.position?.path)
    json.add("turns", session.totals.turns)
    json.add("breaks", session.totals.breaks)
    json.add("failed_turns", session.totals.failedTurns)
    json.add("computed_again_tokens", session.totals.computedAgainTokens)
    json.add("saved_tokens", session.totals.savedTokens)
    return json.finish()
  }
}
