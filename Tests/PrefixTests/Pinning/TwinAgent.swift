import Prompt
import TestSupport

/// One of several agents that are given the same task: what it sends first is the same in all, later
/// steps may be, and something in front of the conversation is new on every turn.
struct TwinAgent {
  enum Calls: CaseIterable {
    /// Calls and results are words of messages.
    case text
    /// Calls have ids, which are numbered from zero.
    case numbered
  }

  struct Step {
    var said: String
    var path: String
    var result: String
  }

  /// Marks all words that no other agent has.
  let name: String
  let dialect: Dialect
  let calls: Calls
  var steps: [Step] = []
  private var words = 0

  init(_ name: String, _ dialect: Dialect, _ calls: Calls) {
    self.name = name
    self.dialect = dialect
    self.calls = calls
  }

  private mutating func own() -> String {
    words += 1
    return "own-\(name)\(words)x"
  }

  /// Files that every agent may read.
  static func common(_ number: Int) -> Step {
    let lines = (0..<40).map { "line \($0) of the common file \(number)" }
    return Step(said: "", path: "common\(number).md", result: lines.joined(separator: " "))
  }

  mutating func step(_ random: inout SplitMix) {
    var step =
      Int.random(in: 0..<5, using: &random) < 3
      ? Self.common(Int.random(in: 0..<3, using: &random))
      : Step(said: "", path: "\(own()).swift", result: "found \(own()) there")
    if Int.random(in: 0..<4, using: &random) == 0 { step.said = "I look at \(own())." }
    steps.append(step)
  }

  /// The words of a body that belong to one agent alone.
  static func owned(_ body: String) -> Set<Substring> {
    Set(
      body.split { !($0.isLetter || $0.isNumber || $0 == "-") }.filter { $0.hasPrefix("own-") })
  }

  func body(clock: Int) -> String {
    let date = "Today is 2026-11-29 12:\(clock / 10 % 6)\(clock % 10):\(10 + clock / 60)"
    let task = "Fix the failing test in this repository, please."
    var messages: [String] = []
    switch dialect {
    case .openAIChat:
      messages = [
        message("system", "You are a coding agent. Be brief. \(date)"), message("user", task),
      ]
    case .anthropicMessages:
      messages = [
        #"{"role":"user","content":[\#(part(date)),\#(part(task))]}"#
      ]
    default: messages = [message("user", date), message("user", task)]
    }
    for at in steps.indices { messages += written(at) }
    let list = messages.joined(separator: ",")
    switch dialect {
    case .openAIChat: return #"{"model":"m","messages":[\#(list)]}"#
    case .anthropicMessages:
      return
        #"{"model":"m","max_tokens":9,"system":"You are a coding agent.","messages":[\#(list)]}"#
    default: return #"{"model":"m","instructions":"You are a coding agent.","input":[\#(list)]}"#
    }
  }

  private func part(_ text: String) -> String { #"{"type":"text","text":"\#(text)"}"# }

  private func message(_ role: String, _ text: String) -> String {
    #"{"role":"\#(role)","content":"\#(text)"}"#
  }

  private func written(_ at: Int) -> [String] {
    let step = steps[at]
    let id = "functions.read:\(at)"
    guard calls == .numbered else {
      return [
        message("assistant", "\(step.said)<read>\(step.path)</read>"),
        message("user", "[result] \(step.result)"),
      ]
    }
    switch dialect {
    case .openAIChat:
      return [
        #"{"role":"assistant","content":"\#(step.said)","tool_calls":[{"id":"\#(id)","type":"function","function":{"name":"read","arguments":"{\"path\":\"\#(step.path)\"}"}}]}"#,
        #"{"role":"tool","tool_call_id":"\#(id)","content":"\#(step.result)"}"#,
      ]
    case .anthropicMessages:
      let said = step.said.isEmpty ? "" : part(step.said) + ","
      return [
        #"{"role":"assistant","content":[\#(said){"type":"tool_use","id":"\#(id)","name":"read","input":{"path":"\#(step.path)"}}]}"#,
        #"{"role":"user","content":[{"type":"tool_result","tool_use_id":"\#(id)","content":"\#(step.result)"}]}"#,
      ]
    default:
      let said = step.said.isEmpty ? [] : [message("assistant", step.said)]
      return said + [
        #"{"type":"function_call","call_id":"\#(id)","name":"read","arguments":"{\"path\":\"\#(step.path)\"}"}"#,
        #"{"type":"function_call_output","call_id":"\#(id)","output":"\#(step.result)"}"#,
      ]
    }
  }
}
