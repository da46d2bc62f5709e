import Foundation
import Settings
import Testing

/// Files in Resources that are made from the tables. HOLDFAST_UPDATE_README writes them.
@Suite struct PackagingTests {
  private static let resources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../Resources")

  @Test(arguments: [
    "holdfast.1", "completions/holdfast.bash", "completions/_holdfast",
    "completions/holdfast.fish",
  ])
  func `a file made from the tables is up to date`(_ name: String) throws {
    let expected =
      switch name {
      case "holdfast.1": ManualPage.text(version: "0.1.0")
      case "completions/holdfast.bash": Completions.bash
      case "completions/_holdfast": Completions.zsh
      default: Completions.fish
      }
    let place = Self.resources.appendingPathComponent(name)
    if ProcessInfo.processInfo.environment["HOLDFAST_UPDATE_README"] != nil {
      try FileManager.default.createDirectory(
        at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
      try expected.write(to: place, atomically: true, encoding: .utf8)
    }
    #expect(try String(contentsOf: place, encoding: .utf8) == expected)
  }

  @Test func `the manual names every command and option`() {
    let text = ManualPage.text(version: "0").replacingOccurrences(of: "\\-", with: "-")
    for option in OptionTable.options { #expect(text.contains("--\(option.name)")) }
    for command in Command.allCases where command != .proxy {
      #expect(text.contains(command.rawValue))
    }
  }

  @Test func `the completion for bash is a valid script that offers options and commands`() throws {
    let script = Self.resources.appendingPathComponent("completions/holdfast.bash").path
    #expect(try run(script, words: ["holdfast", "--li"]).contains("--listen"))
    #expect(try run(script, words: ["holdfast", "ex"]).contains("explain"))
    #expect(try run(script, words: ["holdfast", "check", "--max"]) == ["--max-reprocessed"])
    #expect(try run(script, words: ["holdfast", "--color", "a"]) == ["auto", "always"])
    #expect(try run(script, words: ["holdfast", "cache", "z"]) == ["zones"])
    // bash splits at the sign.
    #expect(try run(script, words: ["holdfast", "--pin", "=", "s"]) == ["safe"])
    #expect(try run(script, words: ["holdfast", "--pin", "="]) == ["off", "safe", "hold"])
    #expect(try run(script, words: ["holdfast", "--pin", "--no-tu"]) == ["--no-tui"])
    // No file has the name of a session.
    #expect(try run(script, words: ["holdfast", "show", ""]) == [])
  }

  @Test func `words that are offered are those that are taken`() throws {
    for option in OptionTable.options where !option.choices.isEmpty {
      #expect(Set(option.choices).count == option.choices.count)
      if let first = option.help.firstRange(of: option.choices[0]) {
        // The help names them in the same order.
        let rest = option.help[first.lowerBound...]
        for word in option.choices { #expect(rest.contains(word), "\(option.name): \(word)") }
      }
    }
  }

  private static let shells = [
    ("/usr/bin/zsh", "completions/_holdfast"), ("/usr/bin/fish", "completions/holdfast.fish"),
    ("/bin/bash", "completions/holdfast.bash"),
  ]

  @Test(arguments: shells.filter { FileManager.default.isExecutableFile(atPath: $0.0) })
  func `a shell that is here can read its completion`(_ shell: String, _ name: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: shell)
    process.arguments = ["-n", Self.resources.appendingPathComponent(name).path]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test
  func
    `the unit starts the proxy with options that there are, and has it read its configuration again`()
    throws
  {
    let unit = try String(
      contentsOf: Self.resources.appendingPathComponent("holdfast.service"), encoding: .utf8)
    let lines = unit.split(separator: "\n")
    #expect(lines.contains("ExecReload=kill -HUP $MAINPID"))
    let start = try #require(lines.first { $0.hasPrefix("ExecStart=holdfast ") })
    let line = try ParsedCommandLine.parse(start.split(separator: " ").dropFirst().map(String.init))
    // There is no terminal.
    #expect(line.has("no-tui"))
    #expect(line.command == .proxy)
  }

  /// What bash offers for the last word.
  private func run(_ script: String, words: [String]) throws -> [String] {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = [
      "-c",
      #"source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _holdfast; printf '%s\n' "${COMPREPLY[@]}""#,
      script,
    ]
    process.arguments? += words
    let pipe = Pipe()
    process.standardOutput = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }
}
