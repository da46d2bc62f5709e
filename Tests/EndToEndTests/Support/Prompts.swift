/// Request bodies in each dialect, as agents write them.
enum Prompts {
  /// A conversation of chat completions: texts of user and assistant in turn.
  static func chat(_ texts: [String], system: String = "You are terse.", more: String = "")
    -> String
  {
    let messages = texts.enumerated().map { place, text in
      #"{"role":"\#(place % 2 == 0 ? "user" : "assistant")","content":"\#(text)"}"#
    }
    let all = [#"{"role":"system","content":"\#(system)"}"#] + messages
    return #"{"model":"m","messages":[\#(all.joined(separator: ","))]\#(more)}"#
  }

  static func anthropic(_ texts: [String], system: String = "You are terse.", more: String = "")
    -> String
  {
    let messages = texts.enumerated().map { place, text in
      #"{"role":"\#(place % 2 == 0 ? "user" : "assistant")","content":"\#(text)"}"#
    }
    return
      #"{"model":"m","max_tokens":64,"system":"\#(system)","messages":[\#(messages.joined(separator: ","))]\#(more)}"#
  }

  /// Text of `count` words, long enough to weigh something; the same for the same seed.
  static func prose(_ count: Int, seed: Int = 1) -> String {
    (0..<count).map { "word\(($0 &* 7919 &+ seed &* 104_729) % 10_007)" }.joined(separator: " ")
  }
}

/// A whole response with a body of known length.
func ok(_ body: String, _ fields: String = "Content-Type: application/json\r\n") -> String {
  "HTTP/1.1 200 OK\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
}

/// A short answer of chat completions that reports what was cached.
func chatAnswer(prompt: Int = 100, cached: Int = 0) -> String {
  ok(
    #"{"choices":[{"message":{"role":"assistant","content":"yes"}}],"usage":{"prompt_tokens":\#(prompt),"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":\#(cached)}}}"#
  )
}
