import Bytes

/// Puts the generated message together from an answer: from stream events one by one, or from one
/// JSON body. Knows the shapes of OpenAI chat, OpenAI Responses and Anthropic messages.
public struct MessageRecorder: Sendable {
  public private(set) var message = GeneratedMessage()
  private let limit: Int
  private var size = 0
  private static let mostCalls = 256
  private var frame: EventFrame?
  /// Frames in a row that no event had again.
  private var unusedFrames = 0
  private static let mostUnusedFrames = 16

  /// - Parameter limit: bytes of text that are recorded at most.
  public init(limit: Int = 1 << 20) { self.limit = limit }

  /// Takes a stream event that is the one before with another text.
  /// - Returns: false, and nothing is done, if it is another one.
  public mutating func readAgain(_ json: UnsafeRawBufferPointer) -> Bool {
    guard let frame, let text = frame.text(of: json) else { return false }
    unusedFrames = 0
    if !message.isTruncated { add(decodeJSONString(text), to: frame.target) }
    return true
  }

  /// One JSON object: the `data` of a stream event, or a whole answer.
  public mutating func read(_ json: UnsafeRawBufferPointer) {
    frame = nil
    guard !message.isTruncated else { return }
    var parts = Parts()
    var scanner = JSONScanner(json)
    scanner.skipWhitespace()
    _ = scanner.members { key, value in
      parts.note(json[key], value)
      return true
    }
    if let choices = parts.choices {
      readChoice(json, choices)
    } else if let delta = parts.delta {
      readAnthropicDelta(json, delta)
    } else if let block = parts.contentBlock {
      addContent(json, block)
    } else if let response = parts.response ?? (parts.output.map { _ in 0..<json.count }) {
      readResponse(json, response)
    } else if let content = parts.content {
      addParts(json, content)
    }
  }

  private struct Parts {
    var choices: Range<Int>?
    var delta: Range<Int>?
    var contentBlock: Range<Int>?
    var content: Range<Int>?
    var response: Range<Int>?
    var output: Range<Int>?

    mutating func note(_ key: Slice<UnsafeRawBufferPointer>, _ value: Range<Int>) {
      if equal(key, "choices") {
        choices = value
      } else if equal(key, "delta") {
        delta = value
      } else if equal(key, "content_block") {
        contentBlock = value
      } else if equal(key, "content") {
        content = value
      } else if equal(key, "response") {
        response = value
      } else if equal(key, "output") {
        output = value
      }
    }
  }

  // MARK: OpenAI chat

  private mutating func readChoice(_ json: UnsafeRawBufferPointer, _ choices: Range<Int>) {
    var scanner = JSONScanner(json, at: choices.lowerBound)
    guard scanner.accept(UInt8(ascii: "[")) else { return }
    scanner.skipWhitespace()
    var body: Range<Int>?
    var isFirst = true
    _ = scanner.members { key, value in
      if equal(json[key], "delta") || equal(json[key], "message") { body = value }
      if equal(json[key], "index") { isFirst = equal(json[value], "0") }
      return true
    }
    guard let body, isFirst else { return }
    var inner = JSONScanner(json, at: body.lowerBound)
    var text: Range<Int>?
    var reasoning: Range<Int>?
    var calls: Range<Int>?
    _ = inner.members { key, value in
      if equal(json[value], "null") { return true }
      if equal(json[key], "content") { text = value }
      if equal(json[key], "reasoning_content") || equal(json[key], "reasoning") {
        reasoning = value
      }
      if equal(json[key], "tool_calls") { calls = value }
      return true
    }
    if let text, let part = string(json, text) { add(part, to: .text) }
    if let reasoning, let part = string(json, reasoning) { add(part, to: .reasoning) }
    switch (text, reasoning, calls) {
    case (let text?, nil, nil): noteFrame(json, text, .text)
    case (nil, let reasoning?, nil): noteFrame(json, reasoning, .reasoning)
    default: break
    }
    if let calls, let list = decoded(json, calls)?.array {
      for (place, call) in list.enumerated() { addCall(call, call["index"]?.integer ?? place) }
    }
  }

  private mutating func addCall(_ call: JSONValue, _ index: Int) {
    guard (0..<Self.mostCalls).contains(index) else { return }
    while message.toolCalls.count <= index {
      message.toolCalls.append(.init(id: "", name: "", arguments: ""))
    }
    if let id = call["id"]?.string { message.toolCalls[index].id = id }
    if let name = call["function"]?["name"]?.string { message.toolCalls[index].name += name }
    if let arguments = call["function"]?["arguments"]?.string {
      append(arguments, toCall: index)
    }
  }

  // MARK: Anthropic

  private mutating func readAnthropicDelta(_ json: UnsafeRawBufferPointer, _ delta: Range<Int>) {
    if json[delta.lowerBound] == UInt8(ascii: "\"") { return }
    var scanner = JSONScanner(json, at: delta.lowerBound)
    var found: [(EventFrame.Target, Range<Int>)] = []
    _ = scanner.members { key, value in
      if equal(json[key], "text") { found.append((.text, value)) }
      if equal(json[key], "thinking") { found.append((.reasoning, value)) }
      if equal(json[key], "partial_json") { found.append((.lastCall, value)) }
      return true
    }
    for (target, range) in found {
      if let part = string(json, range) { add(part, to: target) }
    }
    if found.count == 1 { noteFrame(json, found[0].1, found[0].0) }
  }

  private mutating func addParts(_ json: UnsafeRawBufferPointer, _ content: Range<Int>) {
    for part in elements(json, content) { addContent(json, part) }
  }

  private mutating func addContent(_ json: UnsafeRawBufferPointer, _ range: Range<Int>) {
    guard let part = decoded(json, range) else { return }
    switch part["type"]?.string {
    case "text", "output_text": add(part["text"]?.string ?? "", to: .text)
    case "thinking": add(part["thinking"]?.string ?? "", to: .reasoning)
    case "reasoning_text": add(part["text"]?.string ?? "", to: .reasoning)
    case "tool_use":
      guard message.toolCalls.count < Self.mostCalls else { return }
      message.toolCalls.append(
        .init(id: part["id"]?.string ?? "", name: part["name"]?.string ?? "", arguments: ""))
      // A stream begins with an empty object and sends the arguments in pieces.
      var scanner = JSONScanner(json, at: range.lowerBound)
      if let input = scanner.member("input"), part["input"] != .object([]) {
        append(String(decoding: json[input], as: UTF8.self), toCall: message.toolCalls.count - 1)
      }
    default: break
    }
  }

  // MARK: OpenAI Responses

  /// Every event that carries a response carries all of its output.
  private mutating func readResponse(_ json: UnsafeRawBufferPointer, _ range: Range<Int>) {
    var scanner = JSONScanner(json, at: range.lowerBound)
    guard let output = scanner.member("output") else { return }
    let items = elements(json, output)
    guard !items.isEmpty else { return }
    message = GeneratedMessage()
    size = 0
    for range in items {
      guard let item = decoded(json, range) else { continue }
      switch item["type"]?.string {
      case "message", "reasoning":
        var inner = JSONScanner(json, at: range.lowerBound)
        if let content = inner.member("content") { addParts(json, content) }
      case "function_call":
        guard message.toolCalls.count < Self.mostCalls else { continue }
        message.toolCalls.append(
          .init(
            id: item["call_id"]?.string ?? "", name: item["name"]?.string ?? "", arguments: ""))
        append(item["arguments"]?.string ?? "", toCall: message.toolCalls.count - 1)
      default: break
      }
    }
  }

  // MARK: Pieces

  private func string(_ json: UnsafeRawBufferPointer, _ range: Range<Int>) -> String? {
    guard range.count >= 2, json[range.lowerBound] == UInt8(ascii: "\"") else { return nil }
    return decodeJSONString(json[(range.lowerBound + 1)..<(range.upperBound - 1)])
  }

  private func elements(
    _ json: UnsafeRawBufferPointer, _ array: Range<Int>
  ) -> [Range<Int>] {
    guard json[array.lowerBound] == UInt8(ascii: "[") else { return [] }
    var ranges: [Range<Int>] = []
    var scanner = JSONScanner(json, at: array.lowerBound)
    _ = scanner.elements { range in
      ranges.append(range)
      return true
    }
    return ranges
  }

  private func decoded(_ json: UnsafeRawBufferPointer, _ range: Range<Int>) -> JSONValue? {
    JSONValue(UnsafeRawBufferPointer(rebasing: json[range]))
  }

  /// To make frames costs more than to do without, where no event has the same as the one before.
  private mutating func noteFrame(
    _ json: UnsafeRawBufferPointer, _ string: Range<Int>, _ target: EventFrame.Target
  ) {
    guard unusedFrames < Self.mostUnusedFrames else { return }
    unusedFrames += 1
    frame = EventFrame(json, string, target)
  }

  private mutating func add(_ part: String, to target: EventFrame.Target) {
    switch target {
    case .text: if reserve(part) { message.text += part }
    case .reasoning: if reserve(part) { message.reasoning += part }
    case .lastCall:
      if !message.toolCalls.isEmpty { append(part, toCall: message.toolCalls.count - 1) }
    }
  }

  private mutating func append(_ part: String, toCall index: Int) {
    guard reserve(part) else { return }
    message.toolCalls[index].arguments += part
  }

  private mutating func reserve(_ part: String) -> Bool {
    size += part.utf8.count
    if size > limit { message.isTruncated = true }
    return !message.isTruncated
  }
}
