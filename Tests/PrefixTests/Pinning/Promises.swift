import Bytes
import Prefix
import Prompt

/// What a server and a person would hold against one forwarded request. Knows bodies and decisions
/// only, nothing of how they were made.
struct Promises {
  /// One forwarded turn of a session.
  struct Turn {
    var reception: Reception
    var decision: PinDecision
    var received: Body
    var forwarded: Body
    var acts: [Author.Act]

    var isDeclared: Bool {
      switch decision.outcome {
      case .untouched, .held: false
      case .refused, .rebased: true
      }
    }
  }

  /// A body, taken apart without the program's own index.
  struct Body {
    let bytes: [UInt8]
    /// Tools, system blocks and messages as JSON text, in that order.
    let blocks: [ArraySlice<UInt8>]
    let messages: [JSONValue]
    let messageBlocks: [ArraySlice<UInt8>]
    /// Lines of all text that carries meaning.
    let lines: [String]
    /// The same of what the system says.
    let instructions: [String]
    /// Places where the agent asks for its prompt to be cached.
    var markers: Int {
      String(decoding: bytes, as: UTF8.self).countText(#""cache_control":{"#)
    }

    init?(_ bytes: [UInt8], _ dialect: Dialect) {
      self.bytes = bytes
      var blocks: [String: [ArraySlice<UInt8>]] = [:]
      var whole: JSONValue?
      bytes.withUnsafeBytes { raw in
        whole = JSONValue(raw)
        var scanner = JSONScanner(raw)
        _ = scanner.members { key, value in
          let name = String(decoding: raw[key], as: UTF8.self)
          if raw[value.lowerBound] == UInt8(ascii: "[") {
            var list = JSONScanner(raw, at: value.lowerBound)
            _ = list.elements { range in
              blocks[name, default: []].append(bytes[range])
              return true
            }
          } else {
            blocks[name] = [bytes[value]]
          }
          return true
        }
      }
      guard let whole else { return nil }
      let order =
        switch dialect {
        case .anthropicMessages: ["tools", "system", "messages"]
        case .openAIResponses: ["tools", "instructions", "input"]
        default: ["tools", "messages"]
        }
      messageBlocks = blocks[order[order.count - 1]] ?? []
      self.blocks = order.flatMap { blocks[$0] ?? [] }
      messages = whole[order[order.count - 1]]?.array ?? []
      var lines: [String] = []
      for name in order { whole[name].map { Self.collect($0, name, &lines) } }
      self.lines = lines
      var instructions: [String] = []
      let spoken = messages.filter { $0["role"]?.string == "system" }
      for value in spoken + [whole["system"], whole["instructions"]].compactMap({ $0 }) {
        Self.collect(value, "", &instructions)
      }
      self.instructions = instructions
    }

    private static func collect(_ value: JSONValue, _ key: String, _ lines: inout [String]) {
      switch value {
      case .string(let text):
        if ["type", "role", "id", "tool_use_id", "tool_call_id", "call_id", "signature"]
          .contains(key)
        {
          return
        }
        if key == "arguments", let parsed = JSONValue(text) { return collect(parsed, "", &lines) }
        for line in text.split(separator: "\n") {
          var line = line[...]
          while line.last == " " { line.removeLast() }
          if !line.isEmpty { lines.append(String(line)) }
        }
      case .array(let list): for element in list { collect(element, key, &lines) }
      case .object(let members):
        for member in members where member.key != "cache_control" {
          collect(member.value, member.key, &lines)
        }
      case .number, .bool, .null: break
      }
    }
  }

  private var last: [SessionID: Turn] = [:]
  /// How much longer than received a session's requests may be.
  private var allowance: [SessionID: Int] = [:]
  private var redacted: [String] = []

  /// What is broken; empty if every promise was kept.
  mutating func check(_ turn: Turn) -> [String] {
    var broken: [String] = []
    let session = turn.reception.session.id
    let parent = turn.reception.session.parent
    let previous =
      last[session] ?? (turn.reception.relation == .branch ? parent.flatMap { last[$0] } : nil)
    if let previous {
      if !turn.isDeclared { broken += extends(turn, previous) }
      broken += Self.size(
        turn, previous, allowance: &allowance,
        base: allowance[session] ?? parent.flatMap { allowance[$0] } ?? 0)
      broken += theirs(turn, previous)
    } else if turn.forwarded.bytes != turn.received.bytes {
      broken.append("a first turn was rewritten")
    }
    if turn.forwarded.markers > turn.received.markers {
      broken.append("\(turn.forwarded.markers) markers, \(turn.received.markers) received")
    }
    broken += Self.nothingLost(turn)
    broken += Self.nothingTwice(turn, previous)
    if !turn.isDeclared { broken += Self.nothingStale(turn, previous) }
    for case .redaction(let secret) in turn.acts where isMarked(turn, previous) {
      redacted.append(secret)
    }
    let kept = turn.decision.view.encoded()
    for secret in redacted.suffix(20) {
      if contains(turn.forwarded.bytes, secret) {
        broken.append("redacted text forwarded: \(secret)")
      }
      if contains(kept, secret) { broken.append("redacted text kept: \(secret)") }
    }
    let own = Order.flaws(turn.received.messages)
    let made = Order.flaws(turn.forwarded.messages)
    let before = previous.map { Order.flaws($0.forwarded.messages) } ?? (pairs: 0, roles: 0)
    // What the agent once sent side by side stays so.
    if made.pairs > own.pairs || made.roles > own.roles + before.roles {
      broken.append("flaws in pairs and roles: \(made), \(own) as received, \(before) before")
    }
    if !turn.decision.isRewritten, turn.forwarded.bytes != turn.received.bytes {
      broken.append("other bytes although nothing was rewritten")
    }
    last[session] = turn
    return broken
  }

  /// Whether the mark of a redaction is to be seen: the message may be gone on the same turn.
  private func isMarked(_ turn: Turn, _ previous: Turn?) -> Bool {
    func count(_ turn: Turn?) -> Int {
      turn.map { $0.received.lines.reduce(0) { $0 + $1.countText("[REDACTED]") } } ?? 0
    }
    return count(turn) > count(previous)
  }

  private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
    String(decoding: bytes, as: UTF8.self).containsText(text)
  }

  // MARK: The prefix

  /// Cache markers are the agent's to move; everything else counts byte for byte.
  private static func shown(_ block: ArraySlice<UInt8>) -> String {
    String(decoding: block, as: UTF8.self)
      .replacing(#""cache_control":{"type":"ephemeral"},"#, "").replacing(Script.marker, "")
  }

  private func extends(_ turn: Turn, _ previous: Turn) -> [String] {
    let before = previous.forwarded.blocks.map(Self.shown)
    let after = turn.forwarded.blocks.map(Self.shown)
    // Chat bodies carry the tools behind the messages, but both are compared in one order.
    guard let at = before.indices.first(where: { $0 >= after.count || before[$0] != after[$0] })
    else {
      guard let kept = turn.decision.kept,
        kept.isWhole || turn.acts.contains(.mutation("tool choice"))
      else {
        return [
          "the prefix is whole and told to be broken: \(String(describing: turn.decision.kept))"
        ]
      }
      return []
    }
    // Writings that the server renders alike are forwarded as sent where a marker is in them.
    if turn.decision.kept?.isWhole == true, isMarked(previous, at) || isMarked(turn, at) {
      return []
    }
    return [
      "block \(at) of \(before.count) is not what the server has: was \(before[at].prefix(300)) "
        + "now \(at < after.count ? String(after[at].prefix(300)) : "nothing")"
    ]
  }

  private func isMarked(_ turn: Turn, _ at: Int) -> Bool {
    at < turn.forwarded.blocks.count
      && String(decoding: turn.forwarded.blocks[at], as: UTF8.self).containsText("cache_control")
  }

  // MARK: Size

  private static func size(
    _ turn: Turn, _ previous: Turn, allowance: inout [SessionID: Int], base: Int
  ) -> [String] {
    let still = Set(turn.received.blocks.map { Array($0) })
    let gone = previous.received.blocks.reduce(0) {
      $0 + (still.contains(Array($1)) ? 0 : $1.count + 1)
    }
    // An echo may be longer in the model's own words.
    let allowed = base + gone + turn.decision.noteBytes + 256
    allowance[turn.reception.session.id] = turn.decision.isRewritten ? allowed : 0
    let extra = turn.forwarded.bytes.count - turn.received.bytes.count
    return extra > allowed ? ["\(extra) bytes more than received, \(allowed) explained"] : []
  }

  // MARK: Information

  private static func nothingLost(_ turn: Turn) -> [String] {
    guard turn.decision.isRewritten else { return [] }
    let forwarded = Set(turn.forwarded.lines.map(unmarked))
    var text: String?
    return turn.received.lines.filter { line in
      if forwarded.contains(line) || line == "[Old tool result content cleared]"
        || line == "[12 lines omitted]"
      {
        return false
      }
      // In a note it may stand beside other text.
      let whole = text ?? turn.forwarded.lines.joined(separator: "\n")
      text = whole
      return !whole.containsText(line)
    }.map { "lost: \($0)" }
  }

  /// A line without what a note puts in front of it.
  private static func unmarked(_ line: String) -> String {
    line.hasPrefix("+ ") || line.hasPrefix("- ") ? String(line.dropFirst(2)) : line
  }

  /// What is new on this turn stands in the forwarded body as often as in the received one.
  private static func nothingTwice(_ turn: Turn, _ previous: Turn?) -> [String] {
    guard turn.decision.isRewritten, let previous else { return [] }
    let known = Set(words(previous.received.lines)).union(words(previous.forwarded.lines))
    var counts: [Substring: Int] = [:]
    for word in words(turn.received.lines) where !known.contains(word) {
      counts[word, default: 0] += 1
    }
    var made: [Substring: Int] = [:]
    for word in words(turn.forwarded.lines) where counts[word] != nil {
      made[word, default: 0] += 1
    }
    return counts.filter { made[$0.key] != $0.value }.map {
      "\($0.key) is new \($0.value) times and forwarded \(made[$0.key] ?? 0) times"
    }
  }

  /// A line that is taken out of the instructions, and that the server still has, is told to be gone.
  private static func nothingStale(_ turn: Turn, _ previous: Turn?) -> [String] {
    guard turn.decision.isRewritten, let previous else { return [] }
    let sent = Set(turn.received.lines)
    let had = previous.forwarded.lines.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    let has = turn.forwarded.lines.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    return previous.received.instructions.filter { line in
      // Those that carry a value are told by the new one.
      !sent.contains(line) && has[line] != nil && !line.hasPrefix("Today is")
        && !line.hasPrefix("Git status") && has["- " + line] == had["- " + line]
    }.map { "not told to be gone: \($0)" }
  }

  /// The generated tokens in the text.
  private static func words(_ lines: [String]) -> [Substring] {
    lines.flatMap { $0.split { !$0.isLetter && !$0.isNumber } }.filter {
      $0.hasPrefix("tok") && $0.hasSuffix("x")
    }
  }

  // MARK: What is not ours

  private func theirs(_ turn: Turn, _ previous: Turn) -> [String] {
    var broken: [String] = []
    for act in turn.acts {
      switch act {
      case .redaction:
        if isMarked(turn, previous), turn.forwarded.bytes != turn.received.bytes {
          broken.append("held beside a redaction")
        }
      case .theirs(let what):
        if !turn.isDeclared, turn.decision.isRewritten {
          broken.append("\(what) went by undeclared: \(turn.decision.outcome)")
        }
        // From the first block on that is not what the agent sent before.
        let old = previous.received.messageBlocks
        let new = turn.received.messageBlocks
        var same = 0
        while same < min(old.count, new.count), Self.shown(old[same]) == Self.shown(new[same]) {
          same += 1
        }
        if what == "rewind" {
          // Changes in front of the cut may be repaired.
          if turn.acts.count > 1 { continue }
          let tail = new[same...].map(Self.shown)
          if Array(turn.forwarded.messageBlocks.map(Self.shown).suffix(tail.count)) != tail {
            broken.append("a rewind was not forwarded as sent")
          }
        } else if what == "tool added" {
          // The tools may stay in the server's order; all behind them is the agent's own.
          if turn.forwarded.messageBlocks != turn.received.messageBlocks {
            broken.append("\(what): what follows was not forwarded as sent")
          }
        } else if what != "signed thinking", turn.forwarded.bytes != turn.received.bytes {
          broken.append("\(what) was not forwarded as sent")
        }
      case .mutation: break
      }
    }
    return broken
  }
}

/// Rules of strict APIs and templates for the order of messages.
enum Order {
  /// Violations, so that a body that breaks rules when it is received is not held against pinning.
  static func flaws(_ messages: [JSONValue]) -> (pairs: Int, roles: Int) {
    var flaws = 0
    var roles = 0
    var open: Set<String> = []
    var lastRole = ""
    for message in messages {
      let results = ids(message, results: true)
      let calls = ids(message, results: false)
      let isItem = message["role"] == nil
      if !open.isEmpty, results.isEmpty, !isItem {
        flaws += open.count
        open = []
      }
      for id in results where open.remove(id) == nil { flaws += 1 }
      open.formUnion(calls)
      guard let role = message["role"]?.string else { continue }
      // Two of a kind side by side are refused by strict templates.
      if role == lastRole, role == "user" || role == "assistant" { roles += 1 }
      if role != "system" { lastRole = role == "tool" ? "user" : role }
      if role == "tool" { lastRole = "tool" }
    }
    return (flaws + open.count, roles)
  }

  private static func ids(_ message: JSONValue, results: Bool) -> [String] {
    let type = message["type"]?.string
    if results {
      if let id = message["tool_call_id"]?.string { return [id] }
      if type == "function_call_output", let id = message["call_id"]?.string { return [id] }
    } else {
      if type == "function_call", let id = message["call_id"]?.string { return [id] }
      if let calls = message["tool_calls"]?.array { return calls.compactMap { $0["id"]?.string } }
    }
    return (message["content"]?.array ?? []).compactMap { part in
      part["type"]?.string == (results ? "tool_result" : "tool_use")
        ? part[results ? "tool_use_id" : "id"]?.string : nil
    }
  }
}
