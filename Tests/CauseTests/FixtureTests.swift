import Bytes
import Foundation
import Prefix
import Prompt
import Testing

/// Pairs of requests in the shapes that agents really send: what was, and what came next.
@Suite struct FixtureTests {
  struct Row: Sendable {
    var file: String
    var cause: Cause
    /// Where it broke; empty if it did not.
    var path: String
    var tier: RepairTier

    init(_ file: String, _ cause: Cause, _ path: String, _ tier: RepairTier = .never) {
      self.file = file
      self.cause = cause
      self.path = path
      self.tier = tier
    }
  }

  static let rows: [Row] = [
    Row("append-only.codex", .none, ""),
    Row(
      "arguments-spaced.opencode", .neutralRerender, "messages[2].tool_calls[0].function.arguments",
      .lossless),
    Row("arguments.codex", .argumentsRewritten, "input[4].arguments", .lossless),
    Row(
      "arguments.opencode", .argumentsRewritten, "messages[2].tool_calls[0].function.arguments",
      .lossless),
    Row("billing-line-and-edit.opencode", .inPlaceEdit, "messages[0].content", .moved),
    Row("billing-line.claude-code", .billingNonce, "system[0].text", .lossless),
    Row("cleared.claude-code", .toolResultCleared, "messages[2].content[0].content", .restored),
    Row("clock-in-message.cline", .clock, "messages[1].content[1].text", .moved),
    Row("clock.claude-code", .clock, "system[2].text", .moved),
    Row("clock.codex", .clock, "input[1].content[0].text", .moved),
    Row("clock.opencode", .clock, "messages[0].content", .moved),
    Row("compaction-call.claude-code", .compactionCall, "tools[0]"),
    Row("compaction.claude-code", .compaction, "messages[0].content[0].text"),
    Row("cwd.codex", .environment, "input[1].content[0].text", .moved),
    Row("effort.codex", .knob, "reasoning.effort"),
    Row("elided.swe-agent", .toolResultCleared, "messages[3].content", .restored),
    Row("environment.claude-code", .environment, "system[2].text", .moved),
    Row("escaped-slashes.opencode", .neutralRerender, "messages[5].content", .lossless),
    Row("file-list.opencode", .environment, "messages[0].content", .moved),
    Row("id-in-arguments.claude-code", .inPlaceEdit, "messages[3].content[1].input.id", .moved),
    Row("ids.claude-code", .idsRegenerated, "messages[1].content[2].id", .lossless),
    Row("ids.opencode", .idsRegenerated, "messages[2].tool_calls[0].id", .lossless),
    Row("ids.openhands", .idsRegenerated, "input[4].call_id", .lossless),
    Row("image-dropped.opencode", .image, "messages[1].content[1].type"),
    Row("inserted.opencode", .inPlaceEdit, "messages[2]", .moved),
    Row("marker-moved.claude-code", .neutralRerender, "messages[6].content[0].text", .lossless),
    Row("member-order.opencode", .neutralRerender, "messages[3].content", .lossless),
    Row("memory.opencode", .memory, "messages[0].content", .moved),
    Row("model.claude-code", .modelSwitch, ""),
    Row("null-content.opencode", .neutralRerender, "messages[4].content", .lossless),
    Row("parts.opencode", .neutralRerender, "messages[1].content[0]", .lossless),
    Row("pruned.codex", .toolResultCleared, "input[5].output", .restored),
    Row("pruned.opencode", .toolResultCleared, "messages[3].content", .restored),
    Row("reasoning-dropped.qwen", .reasoningDropped, "messages[2].reasoning_content", .restored),
    Row("reasoning-emptied.qwen", .reasoningDropped, "messages[2].reasoning_content", .restored),
    Row("reasoning-item-dropped.codex", .reasoningDropped, "input[3]", .restored),
    Row("redacted-by-name.claude-code", .redaction, "messages[2].content[0].content"),
    Row("redacted.claude-code", .redaction, "messages[2].content[0].content"),
    Row("redacted.opencode", .redaction, "messages[3].content"),
    Row("reminder-dropped-string.claude-code", .reminder, "messages[0].content", .restored),
    Row("reminder-dropped.claude-code", .reminder, "messages[0].content[0].text", .restored),
    Row("removed.opencode", .inPlaceEdit, "messages[4]", .restored),
    Row("repository-map.aider", .environment, "messages[1].content", .moved),
    Row(
      "required-order.opencode", .schemaOrder, "tools[0].function.parameters.required[0]", .lossless
    ),
    Row("rewind.claude-code", .branch, "messages[4].content[0].content"),
    Row(
      "schema-keys.claude-code", .schemaOrder, "tools[1].input_schema.properties.limit", .lossless),
    Row("signature.claude-code", .signedThinking, "messages[1].content[0].signature"),
    Row("sliding-window.agenc", .toolResultCleared, "messages[3].content", .restored),
    Row("system-edited.opencode", .inPlaceEdit, "messages[0].content", .moved),
    Row("tail.opencode", .tailRewrite, "messages[7].content", .moved),
    Row("temperature.opencode", .none, ""),
    Row("template-setting.qwen", .knob, "chat_template_kwargs.enable_thinking"),
    Row("thinking-budget.claude-code", .knob, "thinking.budget_tokens"),
    Row("thinking-dropped.claude-code", .reasoningDropped, "messages[1].content[0].type"),
    Row("token-counter.opencode", .environment, "messages[4].content", .moved),
    Row("tool-added.claude-code", .toolAdded, "tools[4]"),
    Row("tool-added.codex", .toolAdded, "tools[2]"),
    Row("tool-choice.opencode", .knob, "tool_choice"),
    Row("tool-description.claude-code", .toolDescription, "tools[0].description", .moved),
    Row("tool-order.claude-code", .toolOrder, "tools[0]", .lossless),
    Row("tool-order.opencode", .toolOrder, "tools[0]", .lossless),
    Row("tool-removed.claude-code", .toolRemoved, "tools[3]", .restored),
    Row("tool-renamed.opencode", .toolRenamed, "messages[2].tool_calls[0].function.name", .moved),
    Row("trimmed.opencode", .whitespaceTrimmed, "messages[6].content", .lossless),
    Row("under-way.claude-code", .historyEvicted, ""),
  ]

  @Test(arguments: rows)
  func `a pair of requests is judged as a person would`(_ row: Row) throws {
    let verdict = try judge(row.file)
    #expect(verdict.cause == row.cause)
    #expect(verdict.position?.path ?? "" == row.path)
    #expect(verdict.tier == row.tier)
  }

  @Test func `every pair has its row`() throws {
    let files = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
    #expect(files.sorted() == Self.rows.map { $0.file + ".ndjson" }.sorted())
  }

  @Test func `every cause that a request can show has a pair`() {
    let shown = Set(Self.rows.map(\.cause))
    let missing = Cause.allCases.filter { $0.side != .server && !shown.contains($0) }
    // Needs more bytes than are compared by meaning in one turn.
    #expect(missing == [.contentShape])
  }

  @Test func `an excerpt of a redaction shows the mark and not what stood there`() throws {
    let verdict = try judge("redacted.claude-code")
    #expect(verdict.was.isEmpty)
    #expect(verdict.now.contains("[REDACTED]"))
    #expect(!verdict.now.contains("tly-9c2f77aa1b"))
  }

  @Test func `a writing that differs by its bytes only is shown in bytes`() throws {
    let verdict = try judge("schema-keys.claude-code")
    #expect(verdict.was != verdict.now)
  }

  private static let folder =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().path
    + "/Fixtures"

  private func judge(_ file: String) throws -> Verdict {
    let text = try String(contentsOfFile: "\(Self.folder)/\(file).ndjson", encoding: .utf8)
    let lines = text.split(separator: "\n")
    #expect(lines.count == 2)
    let dialect: Dialect =
      lines[0].contains(#""input":["#)
      ? .openAIResponses : lines[0].contains("input_schema") ? .anthropicMessages : .openAIChat
    let table = SessionTable()
    let key = GroupKey(credential: 1, upstream: 0, dialect: dialect)
    var verdict = Verdict.clean
    for line in lines {
      let reception = try #require(
        table.receive(
          ByteBuffer(copying: Array(line.utf8)), dialect: dialect,
          RequestContext(
            key: key, hint: nil, connection: 1, now: 1000,
            order: dialect == .anthropicMessages ? .toolsFirst : .systemFirst)))
      verdict = CauseFinder.verdict(reception)
    }
    return verdict
  }
}
