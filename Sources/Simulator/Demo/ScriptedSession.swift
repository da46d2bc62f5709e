import Bytes

/// Plays one agent: from the replies it was given it makes the next request, for ever.
///
/// Pure: the same seed and the same replies give the same requests. Conversations grow turn by turn,
/// are changed at the turns that `ScriptedAgent.mutations` names, and are followed by new ones.
struct ScriptedSession: Sendable {
  let agent: ScriptedAgent
  private let seed: UInt64
  private var numbers: SeededNumbers
  private var conversation = 0
  private var turn = 0
  private var session = ""
  private var transcript = Transcript()
  private var tools: [ToolOffer] = []
  private var billing = ""
  private var minutes = 0
  private var mapSeed: UInt64 = 0
  private var awaited = Awaited.nothing
  private var hasTitle = false
  private var hasSummary = false
  private var subagent = Transcript()
  private var subagentSteps = 0

  /// What the next reply answers.
  private enum Awaited { case nothing, turn, title, subagent, summary }

  /// The turn before which Claude Code sends a subagent out.
  private static let subagentTurn = 9
  private static let summaryOrder =
    "Your task is to create a detailed summary of the conversation so far, paying close attention "
    + "to what was asked and what was done."

  init(agent: ScriptedAgent, seed: UInt64) {
    self.agent = agent
    self.seed = seed
    numbers = SeededNumbers(seed: seed)
    startConversation()
  }

  /// The next request.
  /// - Parameter reply: the answer to the request before; nil if there was none.
  mutating func next(after reply: AgentReply?) -> AgentRequest {
    take(reply)
    if turn >= agent.turnsPerConversation { startConversation() }
    if let side = sideRequest() { return side }
    turn += 1
    let mutation = agent.mutations[turn]
    if mutation != .userEdited, mutation != .compaction || transcript.entries.count != 1 {
      addInput()
    }
    let applied = mutation.map { apply($0) } ?? false
    awaited = .turn
    return request(.turn, mutation: applied ? mutation : nil, body: mainBody())
  }

  private mutating func startConversation() {
    conversation += 1
    turn = 0
    session = Self.uuid(&numbers)
    transcript = Transcript()
    tools = AgentTools.offers(for: agent)
    billing = numbers.identifier(5).lowercased()
    mapSeed = numbers.next()
    minutes = conversation * 60
    awaited = .nothing
    hasTitle = false
    hasSummary = false
    subagent = Transcript()
    subagentSteps = agent == .claudeCode ? 3 : 0
  }

  private mutating func take(_ reply: AgentReply?) {
    guard let reply, !(reply.text.isEmpty && reply.calls.isEmpty) else { return }
    switch awaited {
    case .nothing, .title: break
    case .turn: transcript.entries.append(.reply(reply))
    case .subagent: subagent.entries.append(.reply(reply))
    case .summary:
      transcript = Transcript(
        entries: [
          .user([
            "This session is being continued from a previous conversation that ran out of "
              + "context. The conversation is summarized below:\n\(reply.text)\n"
              + SourceText.instructions(sentences: 30, seed: numbers.next())
          ])
        ], reminder: nil)
    }
  }

  // MARK: What is said next

  private mutating func addInput() {
    if transcript.entries.isEmpty {
      transcript.entries.append(.user(opening()))
      return
    }
    if case .reply(let reply)? = transcript.entries.last, !reply.calls.isEmpty {
      transcript.entries.append(
        .results(reply.calls.map { .init(id: $0.id, text: result(of: $0)) }))
      // Something that the next turn can edit.
      if agent.mutations[turn + 1] == .userEdited {
        transcript.entries.append(.user([SourceText.task(seed: numbers.next())]))
      }
    } else {
      transcript.entries.append(.user([spoken()]))
    }
    if agent.mutations[turn + 1] == .reminderMoved {
      transcript.reminder = (transcript.entries.count - 1, Self.reminder)
    }
  }

  private static let reminder =
    "The list of what is to be done has not been used recently. If it would help, use it now; "
    + "otherwise ignore this. Never mention this reminder to the user."

  private mutating func opening() -> [String] {
    let task = SourceText.task(seed: numbers.next())
    switch agent {
    case .claudeCode:
      return [
        "<system-reminder>\nAs you answer, you can use the following context:\n# claudeMd\n"
          + SourceText.instructions(sentences: 40, seed: seed) + "\n</system-reminder>",
        task,
      ]
    case .opencode: return [task]
    case .codex:
      return [
        "<environment_context>\n  <cwd>/home/dev/project</cwd>\n  <shell>bash</shell>\n"
          + "</environment_context>", task,
      ]
    case .aider: return [SourceText.repositoryMap(files: 60, seed: mapSeed), spoken()]
    }
  }

  /// A user message; aider puts files into it.
  private mutating func spoken() -> String {
    let task = SourceText.task(seed: numbers.next())
    guard agent == .aider else { return task }
    return "I have *added these files to the chat* so you can go ahead and edit them.\n\n"
      + "Sources/Core/File\(numbers.below(90)).swift\n```\n"
      + SourceText.code(lines: 60 + numbers.below(140), seed: numbers.next()) + "```\n\n" + task
      + "\n"
  }

  private mutating func result(of call: AgentReply.Call) -> String {
    switch call.name.lowercased() {
    case "edit", "write": "The file has been updated.\n"
    case "todowrite", "update_plan": "Todos have been modified successfully.\n"
    case "bash":
      SourceText.testLog(lines: 40 + numbers.below(80), seed: numbers.next())
    default: SourceText.code(lines: 100 + numbers.below(200), seed: numbers.next())
    }
  }

  // MARK: What is changed

  private mutating func apply(_ mutation: ScriptedMutation) -> Bool {
    switch mutation {
    case .billingLine:
      billing = numbers.identifier(5).lowercased()
      return true
    case .clock:
      minutes += 1
      return true
    case .repositoryMap:
      guard case .user(var texts)? = transcript.entries.first else { return false }
      mapSeed = numbers.next()
      texts[0] = SourceText.repositoryMap(files: 60, seed: mapSeed)
      transcript.entries[0] = .user(texts)
      return true
    case .toolsReordered:
      guard tools.count > 1 else { return false }
      tools.append(tools.removeFirst())
      return true
    case .schemaReordered:
      guard let last = tools.indices.last else { return false }
      tools[last].parameters = AgentTools.reordered(tools[last].parameters)
      return true
    case .reminderMoved:
      guard transcript.reminder != nil else { return false }
      transcript.reminder = (transcript.entries.count - 1, Self.reminder)
      return true
    case .resultNumbered: return transcript.numberResult()
    case .resultsCleared: return transcript.clearResults(keeping: 3)
    case .argumentsRespelled: return transcript.respellArguments()
    case .whitespaceTrimmed: return transcript.trimWhitespace()
    case .userEdited:
      return transcript.editLastUser(
        to: "On second thought: " + SourceText.task(seed: numbers.next()))
    case .compaction: return transcript.entries.count <= 3
    }
  }

  // MARK: Requests

  private mutating func sideRequest() -> AgentRequest? {
    if turn == 0, !hasTitle, agent == .claudeCode || agent == .opencode {
      hasTitle = true
      awaited = .title
      return request(.title, mutation: nil, body: titleBody())
    }
    if turn + 1 == Self.subagentTurn, subagentSteps > 0 {
      subagentSteps -= 1
      awaited = .subagent
      return request(.subagent, mutation: nil, body: subagentBody())
    }
    if agent.mutations[turn + 1] == .compaction, !hasSummary {
      hasSummary = true
      awaited = .summary
      return request(.summary, mutation: nil, body: summaryBody())
    }
    return nil
  }

  private func body(
    system: [String], tools: [ToolOffer], transcript: Transcript, maxTokens: Int = 8192
  ) -> RequestBody {
    RequestBody(
      agent: agent, model: agent.model, system: system, tools: tools, transcript: transcript,
      maxTokens: maxTokens, session: session)
  }

  private func mainBody() -> RequestBody {
    body(system: system(), tools: tools, transcript: transcript)
  }

  private mutating func summaryBody() -> RequestBody {
    var whole = transcript
    if case .reply(let reply)? = whole.entries.last, !reply.calls.isEmpty {
      whole.entries.append(.results(reply.calls.map { .init(id: $0.id, text: "Interrupted.") }))
    }
    whole.entries.append(.user([Self.summaryOrder]))
    return body(system: system(), tools: tools, transcript: whole, maxTokens: 400)
  }

  private mutating func titleBody() -> RequestBody {
    body(
      system: [
        "Analyze if this message indicates a new conversation topic. If it does, extract a 2-3 "
          + "word title that captures it."
      ], tools: [],
      transcript: Transcript(entries: [.user([SourceText.task(seed: numbers.next())])]),
      maxTokens: 32)
  }

  private mutating func subagentBody() -> RequestBody {
    if case .reply(let reply)? = subagent.entries.last, !reply.calls.isEmpty {
      subagent.entries.append(
        .results(reply.calls.map { .init(id: $0.id, text: result(of: $0)) }))
    } else {
      subagent.entries.append(.user([SourceText.task(seed: numbers.next())]))
    }
    return body(
      system: [
        billingLine(suffix: "9d1"),
        "You are an agent for Claude Code. Search the code base and report what you found. "
          + SourceText.instructions(sentences: 20, seed: seed &+ 1),
      ], tools: Array(AgentTools.offers(for: agent).dropFirst().prefix(4)), transcript: subagent)
  }

  private func billingLine(suffix: String) -> String {
    "x-anthropic-billing-header: cc_version=2.1.101.\(suffix); cc_entrypoint=cli; cch=\(billing);"
  }

  private func system() -> [String] {
    switch agent {
    case .claudeCode:
      [
        billingLine(suffix: "e51"),
        "You are Claude Code, Anthropic's official CLI for Claude.",
        "You are an interactive CLI tool that helps users with software engineering tasks.\n"
          + SourceText.instructions(sentences: 90, seed: 11)
          + "\n\n<env>\nWorking directory: /home/dev/project\nPlatform: linux\n</env>",
      ]
    case .opencode:
      [
        "You are opencode, an agent for the terminal.\n"
          + SourceText.instructions(sentences: 60, seed: 12)
          + "\n<env>\n  Working directory: /home/dev/project\n  Today's date: Sat Nov 21 2026 "
          + "\(Self.two(9 + minutes / 60 % 12)):\(Self.two(minutes % 60))\n</env>\n"
          + SourceText.instructions(sentences: 20, seed: 13)
      ]
    case .codex:
      [
        "You are a coding agent running in the Codex CLI.\n"
          + SourceText.instructions(sentences: 80, seed: 14)
      ]
    case .aider:
      [
        "Act as an expert software developer.\n" + SourceText.instructions(sentences: 30, seed: 15)
      ]
    }
  }

  private static func two(_ number: Int) -> String { Humanised.padded(number, 2) }

  private func request(
    _ purpose: AgentRequest.Purpose, mutation: ScriptedMutation?, body: RequestBody
  ) -> AgentRequest {
    var fields: [AgentRequest.Field] = [
      .init(name: "User-Agent", value: agent.userAgent),
      .init(name: "Accept", value: "application/json"),
      .init(name: "Content-Type", value: "application/json"),
      .init(name: "Authorization", value: "Bearer demonstration"),
    ]
    let target: String
    switch agent.dialect {
    case .messages:
      target = "/v1/messages?beta=true"
      fields += [
        .init(name: "anthropic-version", value: "2023-06-01"),
        .init(name: "anthropic-beta", value: "claude-code-20250219"),
        .init(name: "x-app", value: "cli"),
        .init(name: "X-Claude-Code-Session-Id", value: session),
      ]
    case .chat: target = "/v1/chat/completions"
    case .responses:
      target = "/v1/responses"
      fields += [
        .init(name: "originator", value: "codex_cli_rs"),
        .init(name: "session_id", value: session),
      ]
    }
    return AgentRequest(
      purpose: purpose, turn: turn, conversation: conversation, mutation: mutation, target: target,
      fields: fields, body: body.bytes())
  }

  private static func uuid(_ numbers: inout SeededNumbers) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var bytes: [UInt8] = []
    for index in 0..<32 {
      if [8, 12, 16, 20].contains(index) { bytes.append(UInt8(ascii: "-")) }
      bytes.append(digits[numbers.below(16)])
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
