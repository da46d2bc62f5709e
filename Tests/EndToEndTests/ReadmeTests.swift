import Dashboard
import Prefix
import Testing

/// What README.md quotes is what the program does.
@Suite struct ReadmeTests {
  private static let readme: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return readText(parts.dropLast(3).joined(separator: "/") + "/README.md") ?? ""
  }()

  /// The lines between `<!-- name -->` and `<!-- /name -->`, without the fences of a code block.
  private static func section(_ name: String) throws -> [Substring] {
    let lines = readme.split(separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex(of: "<!-- \(name) -->"))
    let end = try #require(lines.firstIndex(of: "<!-- /\(name) -->"))
    return lines[(start + 1)..<end].filter { !$0.hasPrefix("```") }
  }

  @Test func `the help it quotes is the help that is printed`() throws {
    let help = try Command("--help").output.split(
      separator: "\n", omittingEmptySubsequences: false)
    #expect(try Self.section("help") == help.dropLast())
  }

  @Test func `its table of causes is the one in the code`() throws {
    let heading = ["| `cause` | shown as | whose | what happened |", "|---|---|---|---|"]
    let rows = Cause.allCases.filter { $0 != .none }.map {
      "| `\($0)` | \($0.title) | \($0.side) | \($0.explanation) |"
    }
    let expected = heading + rows
    #expect(
      try Self.section("causes").map { String($0) } == expected,
      "expected:\n\(expected.joined(separator: "\n"))")
  }

  @Test func `its table of keys is the one in the code`() throws {
    let expected = KeyTable.markdown
    #expect(
      try Self.section("keys").map { $0 + "\n" }.joined() == expected, "expected:\n\(expected)")
  }

  @Test func `it names every field of the file of JSON objects`() throws {
    let text = try Self.section("fields").joined(separator: "\n")
    let missing = (ReportTests.shared + ReportTests.own).filter { !text.contains("`\($0)`") }
    #expect(missing.isEmpty)
  }

  @Test func `its two commands are there and stand alone`() throws {
    let commands = Self.readme.split(separator: "\n").filter {
      $0.hasPrefix("Resources/setup.sh && ")
    }
    #expect(
      commands.map { String($0) } == [
        "Resources/setup.sh && swift run -c release holdfast demo",
        "Resources/setup.sh && swift test --disable-xctest",
      ])
  }

  @Test func `it stays readable`() {
    let lines = Self.readme.split(separator: "\n")
    #expect(!lines.isEmpty)
    #expect(lines.allSatisfy { $0.count <= 200 })
  }
}
