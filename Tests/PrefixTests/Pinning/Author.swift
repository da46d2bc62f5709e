import Bytes
import Prompt
import TestSupport
import Upstream

/// Writes a script on and changes its past, in every way agents and people are known to.
struct Author {
  /// What happened on a turn, as far as a promise depends on it.
  enum Act: Equatable {
    case mutation(String)
    /// The text in front must never be seen again.
    case redaction(String)
    /// The person's or the agent's to decide: must be forwarded as sent.
    case theirs(String)
  }

  var random: SplitMix
  var script: Script
  private(set) var acts: [Act] = []
  /// What the model wrote last, where the agent's echo differs from it.
  private(set) var generated: GeneratedMessage?
  private var tokens = 0
  private var secrets: [String] = []
  private var earlier: [(at: Int, item: Script.Item)] = []

  init(_ dialect: Dialect, seed: UInt64) {
    random = SplitMix(seed: seed)
    script = Script(dialect: dialect, system: [])
    script.system = [
      "You are a coding agent \(seed).\nBe brief.\nToday is 2026-11-21.",
      "Working directory: /home/u/p\nGit status: clean\nEnd of environment.",
    ]
    if dialect == .anthropicMessages, seed % 2 == 1 {
      script.marking = seed % 4 == 1 ? .messages : .messagesAndTools
    }
    if dialect == .openAIChat, chance(3) { script.system.removeLast() }
    script.items = [
      .user(
        lines: ["Please do thing \(seed) with \(token()).", line()], reminder: nil, asParts: false)
    ]
    for _ in 0..<Int.random(in: 2...5, using: &random) { step() }
  }

  private mutating func token() -> String {
    tokens += 1
    return "tok\(tokens)x"
  }

  mutating func chance(_ n: Int) -> Bool { Int.random(in: 0..<n, using: &random) == 0 }

  private mutating func line() -> String { "func \(token())() -> Int { return \(tokens % 7) }" }

  /// The turn goes on: a call with its result, or an answer and what the person asks next.
  mutating func step() {
    if chance(6) {
      script.items.append(.reply("Done with \(token())."))
      script.items.append(
        .user(lines: ["Now \(token()), please."], reminder: reminder(), asParts: false))
      generated = nil
      return
    }
    var call = Script.Call(
      said: "Looking at \(token()).", reasoning: nil, signature: nil, calls: [])
    if chance(2) { call.reasoning = "I think of \(token())." }
    if script.dialect == .anthropicMessages, call.reasoning != nil {
      call.signature = "sig\(tokens)"
    }
    let count = chance(5) ? 2 : 1
    for _ in 0..<count {
      call.calls.append(
        (id: "call_\(token())", arguments: [("path", "f\(token()).swift"), ("limit", "40")]))
    }
    generated = Script.generated(call, script.dialect)
    echo(&call)
    script.items.append(.call(call))
    script.items.append(
      .results(
        call.calls.map { one in
          var lines = (0..<Int.random(in: 2...5, using: &random)).map { _ in line() }
          if chance(8) {
            secrets.append("secret-\(token())")
            lines.append("password: \(secrets[secrets.count - 1])")
          }
          return Script.Result(id: one.id, lines: lines, reminder: reminder())
        }, marked: false))
  }

  private mutating func reminder() -> String? { chance(5) ? "Mind \(token())." : nil }

  /// The agent sends back in its own way what the model wrote.
  private mutating func echo(_ call: inout Script.Call) {
    guard chance(3) else { return }
    switch Int.random(in: 0..<3, using: &random) {
    case 0:
      generated?.text += script.dialect == .openAIResponses ? "" : " \n"
    case 1:
      for at in call.calls.indices { call.calls[at].arguments.reverse() }
    default:
      call.isSpaced = true
    }
  }

  // MARK: Changes

  /// One turn: some of the past changes, then the conversation goes on.
  mutating func turn() {
    acts = []
    if chance(2) {
      for _ in 0..<Int.random(in: 1...3, using: &random) { mutate() }
    }
    if chance(25) { return special() }
    step()
  }

  private mutating func mutate() {
    let all: [(inout Author) -> String?] = [
      { $0.clock() }, { $0.environment() }, { $0.memory() }, { $0.toolOrder() }, { $0.schema() },
      { $0.clear() }, { $0.truncate() }, { $0.edit() }, { $0.edit() }, { $0.revert() },
      { $0.arguments() }, { $0.spaces() }, { $0.ids() }, { $0.dropReminder() },
      { $0.dropReasoning() }, { $0.insert() }, { $0.drop() }, { $0.forgetCall() }, { $0.marker() },
      { $0.parts() },
      { $0.systemForm() }, { $0.describe() }, { $0.takeLine() }, { $0.withdraw() },
    ]
    if chance(30) { return redact() }
    if chance(40) { return theirFrame() }
    if let done = all[Int.random(in: 0..<all.count, using: &random)](&self) {
      acts.append(.mutation(done))
    }
  }

  /// A place among the older items that `wanted` likes.
  private mutating func place(_ wanted: (Script.Item) -> Bool) -> Int? {
    let places = script.items.indices.dropLast(3).filter { wanted(script.items[$0]) }
    return places.randomElement(using: &random)
  }

  private mutating func remember(_ at: Int) {
    earlier.append((at, script.items[at]))
    if earlier.count > 8 { earlier.removeFirst() }
  }

  private mutating func clock() -> String? {
    guard let at = script.system.firstIndex(where: { $0.containsText("Today is") }) else {
      return nil
    }
    var lines = script.system[at].split(separator: "\n").map(String.init)
    guard let line = lines.firstIndex(where: { $0.hasPrefix("Today is") }) else { return nil }
    lines[line] =
      "Today is 2026-\(Int.random(in: 10...12, using: &random))-\(Int.random(in: 10...28, using: &random))."
    script.system[at] = lines.joined(separator: "\n")
    return "clock"
  }

  private mutating func environment() -> String? {
    guard let at = script.system.firstIndex(where: { $0.containsText("Git status") }) else {
      return nil
    }
    script.system[at] = "Working directory: /home/u/p\nGit status: \(token())\nEnd of environment."
    return "environment"
  }

  private mutating func memory() -> String? {
    guard script.dialect != .openAIResponses, script.system.count < 4 else { return nil }
    script.system.append("# memory\n- likes \(token())")
    return "memory"
  }

  /// A line is taken out of the first instruction or put back.
  private mutating func takeLine() -> String? {
    var lines = script.system[0].split(separator: "\n").map(String.init)
    if let at = lines.firstIndex(where: { $0.hasPrefix("Rule") }), chance(2) {
      lines.remove(at: at)
    } else {
      lines.insert("Rule \(token()).", at: Int.random(in: 1..<lines.count, using: &random))
    }
    script.system[0] = lines.joined(separator: "\n")
    return "line of the system"
  }

  /// One of several instructions is not sent any more.
  private mutating func withdraw() -> String? {
    guard script.system.count > 2 else { return nil }
    script.system.remove(at: Int.random(in: 1..<script.system.count - 1, using: &random))
    return "instruction withdrawn"
  }

  private mutating func toolOrder() -> String? {
    script.tools.swapAt(0, Int.random(in: 1..<script.tools.count, using: &random))
    return "tool order"
  }

  private mutating func describe() -> String? {
    let name = script.tools[Int.random(in: 0..<script.tools.count, using: &random)]
    script.described[name] = "does \(token())"
    return "tool described"
  }

  private mutating func schema() -> String? {
    let name = script.tools[Int.random(in: 0..<script.tools.count, using: &random)]
    if script.swapped.remove(name) == nil { script.swapped.insert(name) }
    return "schema"
  }

  private mutating func results(
    _ change: (inout Script.Result, inout Author) -> Bool
  ) -> Bool {
    guard let at = place({ if case .results = $0 { true } else { false } }),
      case .results(var list, let marked) = script.items[at]
    else { return false }
    let one = Int.random(in: 0..<list.count, using: &random)
    remember(at)
    guard change(&list[one], &self) else { return false }
    script.items[at] = .results(list, marked: marked)
    return true
  }

  private mutating func clear() -> String? {
    results { result, author in
      let withPath = author.chance(3)
      result.lines = [
        withPath
          ? "[Old tool result content cleared, saved to /tmp/\(author.token())]"
          : "[Old tool result content cleared]"
      ]
      return true
    } ? "clear" : nil
  }

  private mutating func truncate() -> String? {
    results { result, _ in
      guard result.lines.count > 3 else { return false }
      result.lines = Array(result.lines.prefix(1)) + ["[12 lines omitted]"]
      return true
    } ? "truncate" : nil
  }

  private mutating func edit() -> String? {
    if chance(2) {
      return results { result, author in
        let at = Int.random(in: 0..<result.lines.count, using: &author.random)
        result.lines[at] = "edited \(author.token()) " + result.lines[at]
        return true
      } ? "edit result" : nil
    }
    guard let at = place({ if case .results = $0 { false } else { true } }) else { return nil }
    remember(at)
    switch script.items[at] {
    case .user(var lines, let reminder, let asParts):
      lines.append("Also \(token()).")
      script.items[at] = .user(lines: lines, reminder: reminder, asParts: asParts)
    case .call(var call):
      if script.dialect == .openAIResponses {
        call.calls[0].arguments[0].value = "g\(token()).swift"
      } else {
        call.said = "Seeing \(token())."
      }
      if call.signature != nil { call.signature = nil; call.reasoning = nil }
      script.items[at] = .call(call)
    case .reply: script.items[at] = .reply("All of \(token()) is done.")
    case .system: script.items[at] = .system("Mode: \(token()).")
    case .results: return nil
    }
    return "edit"
  }

  private mutating func revert() -> String? {
    guard let last = earlier.popLast(), last.at < script.items.count - 3 else { return nil }
    guard Self.isSameKind(script.items[last.at], last.item) else { return nil }
    script.items[last.at] = last.item
    return "revert"
  }

  private static func isSameKind(_ a: Script.Item, _ b: Script.Item) -> Bool {
    switch (a, b) {
    case (.user, .user), (.reply, .reply), (.system, .system): true
    case (.call(let x), .call(let y)): x.calls.map(\.id) == y.calls.map(\.id)
    case (.results(let x, _), .results(let y, _)): x.map(\.id) == y.map(\.id)
    default: false
    }
  }

  private mutating func call(_ change: (inout Script.Call, inout Author) -> Bool) -> Bool {
    guard let at = place({ if case .call = $0 { true } else { false } }),
      case .call(var call) = script.items[at], change(&call, &self)
    else { return false }
    script.items[at] = .call(call)
    return true
  }

  private mutating func arguments() -> String? {
    call { call, _ in
      call.calls[0].arguments.reverse()
      return true
    } ? "arguments" : nil
  }

  private mutating func spaces() -> String? {
    call { call, _ in
      call.isSpaced.toggle()
      return true
    } ? "spaces" : nil
  }

  private mutating func ids() -> String? {
    guard let at = place({ if case .call = $0 { true } else { false } }),
      case .call(var call) = script.items[at], script.items.indices.contains(at + 1),
      case .results(var results, let marked) = script.items[at + 1],
      results.map(\.id) == call.calls.map(\.id)
    else { return nil }
    for step in results.indices {
      let id = "new_\(token())"
      call.calls[step].id = id
      results[step].id = id
    }
    script.items[at] = .call(call)
    script.items[at + 1] = .results(results, marked: marked)
    return "ids"
  }

  private mutating func dropReminder() -> String? {
    if chance(2) {
      return results { result, author in
        guard result.reminder != nil else { return false }
        result.reminder = author.chance(4) ? "Heed \(author.token())." : nil
        return true
      } ? "reminder" : nil
    }
    guard
      let at = place({
        if case .user(_, let reminder, _) = $0 { reminder != nil } else { false }
      }), case .user(let lines, _, let asParts) = script.items[at]
    else { return nil }
    script.items[at] = .user(lines: lines, reminder: nil, asParts: asParts)
    return "reminder"
  }

  private mutating func dropReasoning() -> String? {
    call { call, _ in
      guard call.reasoning != nil, call.signature == nil else { return false }
      call.reasoning = nil
      return true
    } ? "reasoning" : nil
  }

  private mutating func insert() -> String? {
    // In front of a call or a reply, so that no pair is torn apart.
    guard
      let at = place({
        switch $0 {
        case .call, .reply: true
        default: false
        }
      }), at > 0
    else { return nil }
    let item: Script.Item =
      script.dialect != .anthropicMessages && chance(3)
      ? .system("Note \(token()).")
      : .user(lines: ["By the way, \(token())."], reminder: nil, asParts: chance(3))
    script.items.insert(item, at: at)
    earlier = []
    return "insert"
  }

  private mutating func drop() -> String? {
    guard let at = place({ _ in true }), at > 0 else { return nil }
    switch script.items[at] {
    case .user, .system: script.items.remove(at: at)
    case .call:
      guard at + 1 < script.items.count - 3, case .results = script.items[at + 1] else {
        return nil
      }
      script.items.removeSubrange(at...(at + 1))
    case .results, .reply: return nil
    }
    earlier = []
    return "drop"
  }

  /// A call is left out, at times with the message in front of it, and its results go on as plain
  /// messages.
  private mutating func forgetCall() -> String? {
    guard let at = place({ if case .call = $0 { true } else { false } }),
      at + 1 < script.items.count - 3, case .results(let results, _) = script.items[at + 1]
    else { return nil }
    script.items.replaceSubrange(
      at...(at + 1),
      with: results.map { .user(lines: $0.lines, reminder: $0.reminder, asParts: chance(3)) })
    if at > 0, case .user = script.items[at - 1], chance(2) { script.items.remove(at: at - 1) }
    earlier = []
    return "call forgotten"
  }

  private mutating func marker() -> String? {
    guard script.dialect == .anthropicMessages,
      let at = script.items.indices.filter({
        if case .results = script.items[$0] { true } else { false }
      }).randomElement(using: &random), case .results(let list, let marked) = script.items[at]
    else { return nil }
    script.items[at] = .results(list, marked: !marked)
    return "marker"
  }

  private mutating func parts() -> String? {
    guard let at = place({ if case .user = $0 { true } else { false } }),
      case .user(let lines, let reminder, let asParts) = script.items[at]
    else { return nil }
    script.items[at] = .user(lines: lines, reminder: reminder, asParts: !asParts)
    return "parts"
  }

  private mutating func systemForm() -> String? {
    guard script.dialect == .anthropicMessages, chance(4) else { return nil }
    script.systemIsString.toggle()
    return "system form"
  }

  private mutating func redact() {
    guard let secret = secrets.popLast() else { return }
    var found = false
    for at in script.items.indices {
      guard case .results(var list, let marked) = script.items[at] else { continue }
      for one in list.indices {
        for line in list[one].lines.indices where list[one].lines[line].containsText(secret) {
          list[one].lines[line] = "password: [REDACTED]"
          found = true
        }
      }
      script.items[at] = .results(list, marked: marked)
    }
    earlier = []
    if found { acts.append(.redaction(secret)) }
  }

  // MARK: What is not ours to undo

  private mutating func theirFrame() {
    switch Int.random(in: 0..<3, using: &random) {
    case 0:
      let place = Int.random(in: 0...script.tools.count, using: &random)
      script.tools.insert("extra\(token())", at: place)
      acts.append(.theirs("tool added"))
    case 1:
      // Added and removed in one turn, it was never there.
      guard script.tools.count > 2, !acts.contains(.theirs("tool added")) else { return }
      script.tools.removeLast()
      acts.append(.theirs("tool removed"))
    default:
      script.toolChoice = script.toolChoice == "auto" ? "required" : "auto"
      acts.append(.mutation("tool choice"))
    }
  }

  private mutating func special() {
    earlier = []
    generated = nil
    switch Int.random(in: 0..<4, using: &random) {
    case 0:
      // A rewind: the end is cut off, and another question asked.
      let places = script.items.indices.dropFirst(2).filter {
        if case .call = script.items[$0] { true } else { false }
      }
      guard let at = places.randomElement(using: &random) else { return step() }
      script.items.removeSubrange(at...)
      script.items.append(
        .user(lines: ["Rather \(token()), and mind \(token())."], reminder: nil, asParts: false))
      acts.append(.theirs("rewind"))
    case 1:
      script.items = [
        .user(
          lines: ["This session is continued from a previous one. Summary: \(token())."]
            + (0..<8).map { _ in line() }, reminder: nil, asParts: false)
      ]
      step()
      acts.append(.theirs("compaction"))
    case 2:
      script.model = "m\(token())"
      step()
      acts.append(.theirs("model"))
    default:
      guard
        let at = place({
          if case .call(let call) = $0 { call.signature != nil } else { false }
        }), case .call(var call) = script.items[at]
      else { return step() }
      call.reasoning = "I thought of \(token())."
      script.items[at] = .call(call)
      step()
      acts.append(.theirs("signed thinking"))
    }
  }
}
