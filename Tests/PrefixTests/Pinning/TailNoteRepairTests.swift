import Prefix
import Prompt
import Testing

/// Repairs that keep the old text and tell the new one.
@Suite struct TailNoteRepairTests {
  @Test(arguments: [Dialect.openAIChat, .openAIResponses, .anthropicMessages])
  func `the date stays in the system prompt and the new one is told`(_ dialect: Dialect) throws {
    var bench = try RepairBench(dialect)
    let sent = try bench.hold(.clock) {
      $0.system[0] = "You are an agent.\nToday is 2026-11-22.\nBe brief."
    }
    #expect(sent.contains("2026-11-21") && sent.contains("+ Today is 2026-11-22."))
  }

  @Test func `a dropped reminder stays and a new one in its place is told`() throws {
    var bench = try RepairBench { $0.changeResult(2) { $0.reminder = "Use the todo list." } }
    _ = try bench.hold(.reminder) { $0.changeResult(2) { $0.reminder = nil } }
    let sent = try bench.hold(.reminder) { $0.changeResult(2) { $0.reminder = "Heed the log." } }
    #expect(sent.contains("Use the todo list.") && sent.contains("Heed the log."))
  }

  @Test func `dropped reasoning stays`() throws {
    var bench = try RepairBench()
    let sent = try bench.hold(.reasoningDropped) { $0.changeCall(1) { $0.reasoning = nil } }
    #expect(sent.contains("I think 1."))
  }

  @Test func `a note that would be lost takes the block it tells of with it`() throws {
    var bench = try RepairBench()
    _ = try bench.send { $0.changeResult(2) { $0.lines[1] = "another line altogether" } }
    // The message that carries the note is rewritten beyond repair.
    let turn = try bench.send {
      $0.changeResult($0.items.count - 1) {
        $0.lines = (0..<400).map { "a whole new line, number \($0)" }
      }
    }
    #expect(turn.forwarded == turn.received)
    #expect(String(decoding: turn.forwarded, as: UTF8.self).contains("another line altogether"))
  }
}
