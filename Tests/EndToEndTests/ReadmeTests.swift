import Dashboard
import Glibc
import Prefix
import Testing

/// What README.md quotes is what the program does.
///
/// With HOLDFAST_UPDATE_README in the environment the quotes are written instead of compared.
@Suite(.serialized) struct ReadmeTests {
  private static let path: String = {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    return parts.dropLast(3).joined(separator: "/") + "/README.md"
  }()

  private static var text: String { readText(path) ?? "" }

  /// What stands between `<!-- name -->` and `<!-- /name -->`.
  private static func section(_ name: String, in text: String) throws -> Range<String.Index> {
    let start = try #require(text.firstRange(of: "<!-- \(name) -->\n")).upperBound
    let end = try #require(text.firstRange(of: "<!-- /\(name) -->\n")).lowerBound
    try #require(start <= end)
    return start..<end
  }

  private static func expect(
    _ name: String, is expected: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    var text = text
    let range = try section(name, in: text)
    guard getenv("HOLDFAST_UPDATE_README") != nil else {
      #expect(
        text[range] == expected, "run this test once with HOLDFAST_UPDATE_README=1",
        sourceLocation: sourceLocation)
      return
    }
    text.replaceSubrange(range, with: expected)
    let file = try #require(fopen(path, "w"))
    defer { fclose(file) }
    #expect(fputs(text, file) >= 0)
  }

  @Test func `the help it quotes is the help that is printed`() throws {
    try Self.expect("help", is: "```text\n\(try Command("--help").output)```\n")
  }

  @Test func `its table of causes is the one in the code`() throws {
    let heading = ["| `cause` | shown as | whose | what happened |", "|---|---|---|---|"]
    let rows = Cause.allCases.filter { $0 != .none }.map {
      "| `\($0)` | \($0.title) | \($0.side) | \($0.explanation) |"
    }
    try Self.expect("causes", is: (heading + rows).map { $0 + "\n" }.joined())
  }

  @Test func `its table of keys is the one in the code`() throws {
    try Self.expect("keys", is: KeyTable.markdown)
  }

  @Test func `it names every field of the file of JSON objects`() throws {
    let text = Self.text
    let section = text[try Self.section("fields", in: text)]
    let missing = (ReportTests.shared + ReportTests.own).filter { !section.contains("`\($0)`") }
    #expect(missing.isEmpty)
  }

  @Test func `its two commands are there and stand alone`() throws {
    let commands = Self.text.split(separator: "\n").filter {
      $0.hasPrefix("Resources/setup.sh && ")
    }
    #expect(
      commands.map { String($0) } == [
        "Resources/setup.sh && swift run -c release holdfast demo",
        "Resources/setup.sh && swift test --disable-xctest",
      ])
  }

  @Test func `it stays readable`() {
    let lines = Self.text.split(separator: "\n")
    #expect(!lines.isEmpty)
    #expect(lines.allSatisfy { $0.count <= 200 })
  }
}
