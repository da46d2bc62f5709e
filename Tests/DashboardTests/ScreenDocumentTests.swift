import Testing

/// Resources/SCREENS.md and the picture in README.md are made from the expectation files, so that
/// they cannot show what the program does not.
///
/// With HOLDFAST_RECORD_SCREENS in the environment they are written instead of compared.
@Suite(.serialized) struct ScreenDocumentTests {
  private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    .dropLast(3).joined(separator: "/")

  private func screen(_ name: String) -> String {
    let (columns, rows) = ScreenTests.sizes.first { name.hasSuffix("-\($0.0)x\($0.1)") } ?? (0, 0)
    let example = ScreenTests.cases.first { name == "\($0.name)-\(columns)x\(rows)" }
    return example.map { ScreenTests.text($0, columns: columns, rows: rows) } ?? ""
  }

  private var document: String {
    var text = """
      # The screens

      Every screen at every size that its layout distinguishes, made by the tests of the dashboard
      (`HOLDFAST_RECORD_SCREENS=1 swift test --filter DashboardTests`). The largest size is shown in
      Unicode, the others in ASCII.

      """
    for example in ScreenTests.cases {
      text += "\n## \(example.name)\n"
      for (columns, rows) in ScreenTests.sizes {
        text +=
          "\n\(columns)x\(rows)\n\n```text\n\(screen("\(example.name)-\(columns)x\(rows)"))```\n"
      }
    }
    return text
  }

  @Test func `the document of screens shows them as they are`() throws {
    let path = Self.root + "/Resources/SCREENS.md"
    if ScreenFile.isRecording { try #require(ScreenFile.writeFile(path, document)) }
    #expect(ScreenFile.readFile(path) == document)
  }

  @Test func `the README shows the first screen as it is`() throws {
    let path = Self.root + "/README.md"
    var text = try #require(ScreenFile.readFile(path))
    let start = try #require(text.firstRange(of: "<!-- screen -->\n")).upperBound
    let end = try #require(text.firstRange(of: "<!-- /screen -->\n")).lowerBound
    let expected = "```text\n\(screen("sessions-80x24"))```\n"
    if ScreenFile.isRecording {
      text.replaceSubrange(start..<end, with: expected)
      try #require(ScreenFile.writeFile(path, text))
    } else {
      #expect(text[start..<end] == expected)
    }
  }
}
