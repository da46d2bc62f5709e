import Testing

@testable import Prefix

/// Only the part by which two texts differ is looked at; that must not hide a mark.
@Suite struct RedactionTests {
  private static let front = String(repeating: "words in front of it, ", count: 40)
  private static let back = String(repeating: ", words behind it", count: 40)

  @Test(arguments: [
    ("the key abc", "the key [REDACTED]"), ("[redact this", "[redacted this"),
    ("redact me]", "[redact me]ed"), ("***", "****"), ("xxxxxxx", "xxxxxxxx"), ("", "████"),
    ("••• one", "•••• one"),
  ])
  func `a mark at or across the border of a change is seen`(_ was: String, _ now: String) {
    let isMarked = RedactionDetector.isRedaction(was, now)
    #expect(isMarked == (now != "[redact me]ed"))
    #expect(
      RedactionDetector.isRedaction(
        Self.front + was + Self.back, Self.front + now + Self.back) == isMarked)
  }

  @Test func `marks that were there before do not count, wherever the change is`() {
    for mark in ["[redacted]", "********", "xxxxxxxxxx", "████"] {
      let whole = Self.front + mark + " a " + mark + Self.back
      for step in stride(from: 0, to: whole.count, by: 7) {
        var changed = whole
        changed.insert("+", at: changed.index(changed.startIndex, offsetBy: step))
        let isSplit = changed.contains(mark) && !changed.contains(mark + " a " + mark)
        if isSplit { continue }
        #expect(!RedactionDetector.isRedaction(whole, changed))
      }
    }
  }

  private static let secret = "hunter2-Zq81xPw-supersecret-93jf"

  @Test(arguments: [
    "[REDACTED]", "***", "****", "REDACTED", "<REDACTED_API_KEY>", "[API_KEY]", "<API_KEY>",
    "[removed]", "(removed)", "[hidden]", "<hidden>", "{{SECRET}}", "${PASSWORD}", "$PASSWORD",
    "sk-...", "hun***", "xxxxx", "######", "•••", "…", "[BLOCKED]", "<PRIVATE>", "[PII]", "",
    "[secret removed]", "[deleted]", "__REDACTED__", "-----", "<password>", "[[MASKED]]", "MASKED",
    "[sanitized]", "<sensitive>", "another",
  ])
  func `whatever stands in place of a named credential, it was blanked`(_ mark: String) {
    for text in [
      "password=%", "PASSWORD=%", "the password: %", "--password %", "the password is %",
      #"{"password": "%", "host": "a"}"#, #"{\"password\":\"%\"}"#, "<password>%</password>",
      "API key: %", "API_KEY=%", "API_KEY_2=%", "OPENAI_API_KEY='%'", "token: %", "access-token: %",
      "key=%",
      "client_secret=%&x=1", "Authorization: Bearer %", "db.pass=%&x=1", "DB_PASS=%",
    ] {
      let was = Self.front + "\n" + text.replacing("%", with: Self.secret) + "\n" + Self.back
      let now = Self.front + "\n" + text.replacing("%", with: mark) + "\n" + Self.back
      #expect(RedactionDetector.isRedaction(was, now), "\(text)")
    }
  }

  @Test(arguments: [
    "[REDACTED]", "***", "REDACTED", "[redacted]", "hun***", "***-1234", "xxxxx", "a######",
    "•••", "███", "MASKED", "[API_KEY]", "<API_KEY>", "[removed]", "(removed)", "<hidden>",
    "[BLOCKED]", "[PII]", "<PRIVATE>", "[deleted]", "[sanitized]", "<sensitive>",
  ])
  func `a mark is one without a name in front of it`(_ mark: String) {
    #expect(RedactionDetector.isRedaction("I say rosebud to you", "I say \(mark) to you"))
  }

  @Test(arguments: ["sk-proj-abcdefghijklmnop1234", "ghp_abcdefghijklmnop", "AKIAABCDEFGHIJKLMNOP"])
  func `a key of a known service that is gone was blanked`(_ key: String) {
    #expect(RedactionDetector.isRedaction("call it with \(key) and go", "call it with K and go"))
    #expect(!RedactionDetector.isRedaction("call it with \(key) and go", "go, but with \(key)"))
  }

  @Test func `a private key that is gone was blanked`() {
    func text(_ body: String) -> String {
      "-----BEGIN RSA PRIVATE KEY-----\n\(body)\n-----END RSA PRIVATE KEY-----"
    }
    #expect(RedactionDetector.isRedaction(text("MIIEpAIBAAKCAQEA7v8q9Xy2"), text("...")))
  }

  @Test(arguments: [
    ("listening on port 8080", "listening on port 9090"),
    ("port=8080", "port=9090"),
    ("at 2026-11-21T14:03:22Z", "at 2026-11-22T09:00:01Z"),
    ("Working directory: /home/ada/v1", "Working directory: /home/ada/v2"),
    ("HEAD is at 3f786850e387550fdab836ed7e6dc881de23001b", "HEAD is at 89e6c98d92887913cadf06b2"),
    ("sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", "sha256:60303ae2"),
    ("tokens left: 12345", "tokens left: 999"), ("max_tokens=4096", "max_tokens=8192"),
    ("token: 12345678", "token: 12345679"), ("primary key: id", "primary key: name"),
    ("monkey: abc12345", "monkey: abc"), ("PASS: test_case_12", "PASS: test"),
    ("let password: String", "let password: Data"), ("password = getpass()", "password = ask()"),
    ("password=$PASSWORD", "password=$OTHER"), ("password: required", "password: optional"),
    ("one\n\n***\n\ntwo", "one\n\n***\n\ntwo\n\n***\n"),
    ("very good", "***very*** good, ***indeed it is***"), ("int a;", "/*** a ***/ int a;"),
    ("Title", "#### Title"), ("Title", "##########\n#  Title  #\n##########"),
    ("a table", "| a | b |\n|-----|-----|"), ("values", "the masked values, unredacted"),
    ("mktemp", "0xxxx exxxxl"),
  ])
  func `a change without such a name or mark is no redaction`(_ was: String, _ now: String) {
    #expect(!RedactionDetector.isRedaction(Self.front + "\n" + was, Self.front + "\n" + now))
  }

  @Test func `a credential in a result that is cleared to save room was not blanked`() {
    let was = String(repeating: "x = 1\n", count: 60) + "password=\(Self.secret)\n"
    #expect(!RedactionDetector.isRedaction(was, "[Old tool result content cleared]"))
    #expect(!RedactionDetector.isRedaction(was, String(was.prefix(100)) + "\n[output truncated]"))
    #expect(RedactionDetector.isRedaction(was, "password=?\n[rest elided]"))
  }

  @Test func `the cost is linear in the change`() {
    func time(_ count: Int) -> Duration {
      let was = (0..<count).map { "password=secret\($0)\n" }.joined()
      let now = (0..<count).map { "password=secret\($0 + 7)\n" }.joined()
      return (0..<3).map { _ in
        ContinuousClock().measure { _ = RedactionDetector.isRedaction(was, now) }
      }.min() ?? .zero
    }
    #expect(time(4_000) < time(250) * 100)
  }
}
