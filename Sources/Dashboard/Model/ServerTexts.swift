import Bytes
import Turns
import Upstream

/// What servers say about themselves, in words.
enum ServerTexts {
  /// `slots 2/4` over all servers whose slots are known.
  static func slots(_ traffic: Traffic) -> String? {
    var busy = 0
    var all = 0
    for upstream in traffic.upstreams where !upstream.slots.isEmpty {
      busy += upstream.slots.count { $0.isBusy }
      all += upstream.slotCount ?? upstream.slots.count
    }
    return all > 0 ? "slots \(busy)/\(all)" : nil
  }

  /// Tokens that one conversation with this session's model may have; nil if that is not known.
  static func window(_ row: SessionRow, _ traffic: Traffic) -> Int? {
    guard let upstream = traffic.upstreams.first(where: { $0.name == row.upstream }) else {
      return nil
    }
    var facts = ServerFacts()
    facts.windows = upstream.windows
    return facts.windowTokens(of: row.model)
  }

  /// One server in a line, and its slots in one each.
  static func lines(_ upstream: UpstreamStatus) -> [String] {
    var parts = [upstream.kind == .unknown ? "unknown server" : upstream.kind.name]
    if let build = upstream.build { parts.append("build \(build)") }
    switch upstream.state {
    case .unknown: parts.append("not asked yet")
    case .up: parts.append("up" + (upstream.connectMillis.map { " \($0)ms" } ?? ""))
    case .down(_, let reason, _): parts.append("DOWN: \(reason)")
    }
    if let window = upstream.windows.first, upstream.windows.count == 1 {
      parts.append("window \(Humanised.count(window.tokens))")
    } else if upstream.windows.count > 1 {
      parts.append("\(upstream.windows.count) models")
    }
    if let count = upstream.slotCount { parts.append(Humanised.plural(count, "slot")) }
    return ["\(upstream.name) \(upstream.address)  \(parts.joined(separator: ", "))"]
      + upstream.slots.prefix(16).map { "  slot \($0.id)  \(text($0))" }
  }

  private static func text(_ slot: SlotState) -> String {
    guard let tokens = slot.tokens else { return slot.isBusy ? "busy" : "never used" }
    var text = slot.isBusy ? "busy, " : "idle, holds "
    text += "\(Humanised.count(tokens)) tok"
    if let window = slot.windowTokens, window > 0 { text += " of \(Humanised.count(window))" }
    if slot.isBusy, let processed = slot.processedTokens {
      text += ", \(Humanised.count(processed)) computed"
      if let cached = slot.cachedTokens { text += ", \(Humanised.count(cached)) reused" }
    }
    return text
  }
}
