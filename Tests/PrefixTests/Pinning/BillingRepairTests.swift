import Bytes
import Prompt
import Testing

@testable import Prefix

/// A block that begins with the billing line: only the line itself may be dropped.
@Suite struct BillingRepairTests {
  private static func system(_ nonce: String, _ rest: String) -> String {
    "x-anthropic-billing-header: cc_version=2.1.36.a1b; cch=\(nonce);\nYou are an agent.\n" + rest
  }

  private static func bench(
    _ dialect: Dialect = .openAIChat, mode: PinMode = .hold
  ) throws -> RepairBench {
    try RepairBench(dialect, mode: mode) {
      $0.systemIsString = true
      $0.system = [system("aaaaa", "Mode: plan. Edit no files.")]
    }
  }

  private static let dialects = [Dialect.openAIChat, .openAIResponses, .anthropicMessages]

  @Test(arguments: dialects, [PinMode.safe, .hold])
  func `a new checksum in front of the same text keeps the first one`(
    _ dialect: Dialect, _ mode: PinMode
  ) throws {
    var bench = try Self.bench(dialect, mode: mode)
    let sent = try bench.hold(.billingNonce) {
      $0.system = [Self.system("bbbbb", "Mode: plan. Edit no files.")]
    }
    #expect(!sent.contains("[context update"))
  }

  @Test(arguments: [Dialect.openAIChat, .openAIResponses])
  func `text behind a new checksum is told, and the checksum is not`(_ dialect: Dialect) throws {
    var bench = try Self.bench(dialect)
    let sent = try bench.hold(.inPlaceEdit) {
      $0.system = [Self.system("bbbbb", "Mode: build. Edit all files.")]
    }
    #expect(sent.contains(#"- Mode: plan. Edit no files.\n+ Mode: build. Edit all files."#))
    #expect(!sent.contains("bbbbb"))
  }

  @Test(arguments: dialects)
  func `text behind the same line is told`(_ dialect: Dialect) throws {
    var bench = try Self.bench(dialect)
    let sent = try bench.hold(.inPlaceEdit) {
      $0.system = [Self.system("aaaaa", "Mode: build. Edit all files.")]
    }
    #expect(sent.contains("+ Mode: build. Edit all files."))
  }

  @Test(arguments: dialects, ["aaaaa", "bbbbb"])
  func `safe forwards text behind the line as it is sent`(
    _ dialect: Dialect, _ nonce: String
  ) throws {
    var bench = try Self.bench(dialect, mode: .safe)
    let turn = try bench.send {
      $0.system = [Self.system(nonce, "Mode: build. Edit all files.")]
    }
    #expect(turn.forwarded == turn.received)
  }

  @Test func `a date behind a new checksum is a date`() throws {
    var bench = try RepairBench { $0.system = [Self.system("aaaaa", "Today is 2026-11-21.")] }
    let sent = try bench.hold(.clock) {
      $0.system = [Self.system("bbbbb", "Today is 2026-11-22.")]
    }
    #expect(sent.contains(#"now reads:\n+ Today is 2026-11-22."#))
  }

  @Test func `the line of Anthropic's own API is not held with the text behind it`() throws {
    var bench = try Self.bench(.anthropicMessages)
    let turn = try bench.send {
      $0.system = [Self.system("bbbbb", "Mode: build. Edit all files.")]
    }
    #expect(turn.forwarded == turn.received)
  }

  @Test func `a line with more than fields is text`() {
    #expect(BillingLine.rest("x-anthropic-billing-header: a=b; c=d;\nrest") == "rest")
    #expect(BillingLine.rest("x-anthropic-billing-header: a=b; c=d;") == "")
    #expect(BillingLine.rest("x-anthropic-billing-header: a=b; Edit no files.\nrest") == nil)
    #expect(BillingLine.rest("the x-anthropic-billing-header: a=b;\nrest") == nil)
  }

  @Test func `an excerpt shows the text and not the checksum`() throws {
    var bench = try Self.bench()
    let turn = try bench.send {
      $0.system = [Self.system("bbbbb", "Mode: build. Edit all files.")]
    }
    let verdict = CauseFinder.verdict(turn.reception)
    #expect(verdict.was.contains("Mode: plan"))
    #expect(!verdict.now.contains("bbbbb"))
  }

  @Test(arguments: [
    (#"{"text":"x-anthropic-billing-header: c=1;\nplan"}"#, false),
    (#"{"text":"x-anthropic-billing-header: c=1;\nbuild"}"#, true),
    (#"{"text":"build"}"#, false),
  ])
  func `the repair looks for itself`(_ before: String, _ isKept: Bool) throws {
    let old = try #require(JSONValue(before))
    let new = try #require(JSONValue(#"{"text":"x-anthropic-billing-header: c=2;\nbuild"}"#))
    #expect(BillingLine.isAllThatDiffers(old, new) == isKept)
    #expect((BillingRepair.action(BlockChange(old, new)) == .keep) == isKept)
  }
}
