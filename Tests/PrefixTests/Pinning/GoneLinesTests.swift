import Bytes
import Prefix
import Prompt
import Testing

/// What a note says of lines that are gone: the server still has them.
@Suite struct GoneLinesTests {
  /// The note on a system prompt that changed.
  private func note(_ was: String, _ now: String) throws -> String {
    var bench = try RepairBench { $0.system = [was] }
    let turn = try bench.send { $0.system = [now] }
    guard case .held = turn.decision.outcome else {
      Issue.record("\(turn.decision.outcome)")
      return ""
    }
    return bench.note
  }

  @Test(arguments: [
    ("One.\nPLAN MODE: never edit.\nThree.\n", "One.\nThree.\n", "PLAN MODE: never edit."),
    ("One.\nTwo.\n", "One.\n", "Two."),
    ("One.\nTwo.", "One.", "Two."),
    ("One.\nTwo.\n", "Two.\n", "One."),
    ("- no network\n- no sudo\n- no push", "- no network\n- no push", "- no sudo"),
  ])
  func `a line that was taken out is named, and no other one`(
    _ was: String, _ now: String, _ gone: String
  ) throws {
    #expect(
      try note(was, now) == "the system prompt changed (- is no longer valid):\n- \(gone)\n")
  }

  @Test func `lines that were replaced by fewer are named`() throws {
    let note = try note(
      "Mode: plan\nYou must not edit files.\nYou must not run commands.\nEnd.",
      "Mode: build\nEnd.")
    #expect(
      note == """
        the system prompt changed (- is no longer valid, + is new):
        - You must not edit files.
        - You must not run commands.
        + Mode: build

        """)
  }

  @Test func `a line in whose place another one stands is named`() throws {
    let note = try note("One.\n- never push\nThree.", "One.\n- use tabs\nThree.")
    #expect(note.contains("\n- - never push\n+ - use tabs\n"))
  }

  @Test(arguments: [
    ("Today is Sat Nov 28 23:59:58.", "Today is Sun Nov 29 00:00:01."),
    ("Tokens left: 12,345 of 99", "Tokens left: 9 of 99"),
    ("Current branch: main", "Current branch: fix/it"),
  ])
  func `a line with another value is told by its new line alone`(
    _ was: String, _ now: String
  ) throws {
    let note = try note("One.\n\(was)\nThree.", "One.\n\(now)\nThree.")
    #expect(note == "the system prompt now reads:\n+ \(now)\n")
  }

  @Test func `an item with another number may stand beside the old one and is named`() throws {
    let note = try note("Never use:\n- port 80\n", "Never use:\n- port 443\n")
    #expect(note.contains("\n- - port 80\n+ - port 443\n"))
  }

  @Test func `a long line that stayed for the most part is told by its new line alone`() throws {
    let long = String(repeating: "many words ", count: 20)
    let note = try note("One.\n\(long)may.\nThree.", "One.\n\(long)must not.\nThree.")
    #expect(note == "the system prompt now reads:\n+ \(long)must not.\n")
  }

  @Test func `many lines that are gone are named by the first and the last one`() throws {
    let gone = (10..<60).map { "rule \($0) of the house" }
    let note = try note((["One."] + gone + ["Two."]).joined(separator: "\n"), "One.\nTwo.")
    #expect(
      note.contains("- rule 10 of the house ... (and all 50 lines to:) rule 59 of the house\n"))
    #expect(note.utf8.count < 200)
  }

  @Test func `a line that moved up past many others is not told to be gone`() throws {
    let lines = (0..<90).map { "rule \($0) is \($0)" }
    let note = try note(
      (lines + ["Be brief.", "End."]).joined(separator: "\n"),
      (["Be brief."] + lines + ["End."]).joined(separator: "\n"))
    #expect(note.contains("+ Be brief.") && !note.contains("- Be brief."))
  }

  @Test func `a line taken out of an earlier message is named`() throws {
    let lines = ["Do this:", "- alpha step", "- delete the database", "- gamma step"]
    var bench = try RepairBench {
      $0.items[0] = .user(lines: lines, reminder: nil, asParts: false)
    }
    _ = try bench.hold(.inPlaceEdit) {
      $0.items[0] = .user(lines: lines.filter { $0 != lines[2] }, reminder: nil, asParts: false)
    }
    #expect(
      bench.note
        == "message 1 (user) changed (- is no longer valid):\n- - delete the database\n")
  }

  @Test func `lines of a cleared result are still true, and only what is new is told`() throws {
    var bench = try RepairBench()
    _ = try bench.hold(.toolResultCleared) {
      $0.changeResult(2) { $0.lines = ["[Old tool result content cleared, saved to /tmp/x]"] }
    }
    #expect(bench.note.contains("now reads:\n+ [Old tool") && !bench.note.contains("\n- "))
  }

  @Test func `a line taken out of a reminder that is still there is named`() throws {
    var bench = try RepairBench {
      $0.changeResult(2) { $0.reminder = "\n- never push\n- use tabs\n" }
    }
    _ = try bench.hold(.reminder) { $0.changeResult(2) { $0.reminder = "\n- never push\n" } }
    #expect(bench.note.hasSuffix("(- is no longer valid):\n- - use tabs\n"))
  }

  @Test func `changes in more places than a note has room for are accepted`() throws {
    let lines = (0..<600).map { "\($0)" }
    var bench = try RepairBench { $0.system = [lines.joined(separator: "\n")] }
    let turn = try bench.send {
      $0.system = [lines.filter { Int($0)! % 2 == 0 }.joined(separator: "\n")]
    }
    #expect(turn.forwarded == turn.received)
  }
}

extension RepairBench {
  /// What the newest message says of earlier ones; empty if it has no note.
  var note: String {
    let body = last.forwarded.withUnsafeBytes { JSONValue($0) }
    guard let messages = body?["messages"]?.array, let newest = messages.last else { return "" }
    let text = newest["content"]?.string ?? newest["content"]?.array?.last?["text"]?.string ?? ""
    guard let mark = text.firstRange(of: "[context update]\n") else { return "" }
    return String(text[mark.upperBound...])
  }
}
