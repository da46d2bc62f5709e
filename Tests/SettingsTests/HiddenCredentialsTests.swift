import Testing

@testable import Settings

@Suite struct HiddenCredentialsTests {
  private static let url = "https://user:sesame@host"
  private static let lines: [[String]] = [
    [url], ["--listen", "8089", url], ["--upstraem=\(url)"], ["--no-tui=\(url)"], ["demo", url],
    ["-\(url)"],
  ]

  @Test(arguments: lines)
  func `a URL in the wrong place shows no credentials`(arguments: [String]) {
    do throws(UsageError) {
      _ = try ParsedCommandLine.parse(arguments)
      Issue.record("parsed")
    } catch {
      #expect(!"\(error)".contains("sesame"))
    }
  }

  @Test(arguments: ["8089", "a:\(url)"])
  func `a bad value shows no credentials`(value: String) {
    let error = UsageError.badValue(
      option: "upstream", value: value, expected: "an address like http://localhost:8080")
    #expect(!"\(error)".contains("sesame"))
    #expect("\(error)".contains(value == "8089" ? "8089" : "host"))
  }
}
