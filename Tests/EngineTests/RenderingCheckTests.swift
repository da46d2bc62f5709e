import Bytes
import Prefix
import Prompt
import Proxy
import Testing

@testable import Engine

private func buffer(_ text: String) -> ByteBuffer { ByteBuffer(copying: Array(text.utf8)) }

/// A check that was told both prompts.
private func check(
  _ before: String, _ after: String, reported: Int
) throws -> RenderingCheck {
  var check = try #require(
    RenderingCheck(
      session: SessionID(raw: 1), turn: 2, reported: reported, before: buffer("B"),
      after: buffer("A")))
  #expect(check.request.path == "/apply-template")
  #expect(check.request.body?.string(0..<1) == "B")
  #expect(feed(&check, #"{"prompt":"\#(before)"}"#))
  #expect(check.request.body?.string(0..<1) == "A")
  #expect(feed(&check, #"{"prompt":"\#(after)"}"#))
  #expect(check.request.path == "/tokenize")
  return check
}

private func feed(_ check: inout RenderingCheck, _ json: String) -> Bool {
  Array(json.utf8).withUnsafeBytes { check.read($0) }
}

private func tokens(_ count: Int) -> String {
  #"{"tokens":[\#((0..<count).map(String.init).joined(separator: ","))]}"#
}

@Suite struct RenderingCheckTests {
  @Test func `a history that is rendered as before leaves the last answer`() throws {
    var check = try check(
      "sys<|user|>hi<|assistant|>", "sys<|user|>hi<|assistant|>hello<|user|>more", reported: 100)
    #expect(
      check.request.body.map { $0.string(0..<$0.count) }
        == #"{"add_special":true,"parse_special":true,"content":"sys<|user|>hi<|assistant|>"}"#)
    #expect(feed(&check, tokens(100)))
    #expect(check.finding == .answer(sameTokens: 100))
  }

  @Test func `a template that writes earlier messages anew is found`() throws {
    let thought = String(repeating: "thinking ", count: 40)
    var check = try check(
      "sys<|a|>\(thought)yes<|u|>go<|a|>", "sys<|a|>yes<|u|>go<|a|>fine<|u|>on", reported: 3)
    #expect(feed(&check, tokens(3)))
    #expect(check.finding == .history(sameTokens: 3))
  }

  @Test func `tokens that were the same and not reused were lost by the server`() throws {
    var check = try check("sys<|a|>", "sys<|a|>yes", reported: 10)
    #expect(feed(&check, tokens(5000)))
    #expect(check.finding == .lost(sameTokens: 5000))
  }

  @Test func `an opening that only the end of a prompt has is no other history`() throws {
    var check = try check("sys<|a|><think>\\n", "sys<|a|>yes", reported: 40)
    #expect(feed(&check, tokens(40)))
    #expect(check.finding == .answer(sameTokens: 40))
  }

  @Test(arguments: [
    (#"ab\u00e9"#, 5, 2), (#"ab\n"#, 3, 2), (#"ab\\\"c"#, 6, 2), ("abé", 3, 2), ("abc", 3, 3),
    ("abc", 9, 3), ("", 0, 0),
  ])
  func `text is cut neither in an escape nor in a character`(
    _ text: String, _ length: Int, _ expected: Int
  ) {
    let cut = Array(text.utf8).withUnsafeBytes { RenderingCheck.wholeCharacters($0, length) }
    #expect(cut == expected)
  }

  @Test(arguments: ["", "{}", "[]", #"{"prompt":1}"#, #"{"prompt":"x"#, "<html>"])
  func `an answer of another form ends the check`(_ json: String) throws {
    var check = try #require(
      RenderingCheck(
        session: SessionID(raw: 1), turn: 2, reported: 1, before: buffer("B"), after: buffer("A")))
    #expect(!feed(&check, json))
  }

  @Test func `a long request is not rendered again`() {
    let long = ByteBuffer(copying: [UInt8](repeating: 32, count: RenderingCheck.maxBodyBytes + 1))
    let check = RenderingCheck(
      session: SessionID(raw: 1), turn: 2, reported: 1, before: buffer("B"), after: long)
    #expect(check == nil)
  }

  @Test(arguments: [
    (
      #"{"prompt":"<|system|>holdfast system mark <tools>holdfast tool mark"}"#,
      RenderingOrder.systemFirst
    ),
    (#"{"prompt":"<tools>holdfast tool mark</tools>holdfast system mark"}"#, .toolsFirst),
  ])
  func `a small prompt shows where the tools come`(_ json: String, _ order: RenderingOrder) {
    #expect(Array(json.utf8).withUnsafeBytes { OrderProbe.order($0) } == order)
  }

  @Test(arguments: [#"{"prompt":"holdfast system mark"}"#, "{}", "", #"{"prompt":["x"]}"#])
  func `a template without tools tells no order`(_ json: String) {
    #expect(Array(json.utf8).withUnsafeBytes { OrderProbe.order($0) } == nil)
  }
}
