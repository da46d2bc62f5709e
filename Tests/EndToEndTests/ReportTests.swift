import Bytes
import Simulator
import Testing

/// The line log and the file of JSON objects.
@Suite struct ReportTests {
  /// The names that other tools share, then this program's own, in the order of the file.
  static let shared = [
    "ts", "session_id", "turn", "preserved_prefix_pct", "reprocessed_tokens", "total_tokens",
    "mutated", "mutation_index", "prev_len", "incoming_len", "lcp",
  ]
  static let own = [
    "parent_session_id", "side_call", "agent", "model", "upstream", "api", "mode", "pin",
    "pin_reason", "status",
    "state", "failure", "cause", "cause_text", "cause_side", "path", "field", "byte",
    "block_byte", "was", "now", "server_cause", "server_detail", "echo", "previous_tokens",
    "kept_tokens", "kept_forwarded_tokens", "predicted_tokens", "tokens_estimated", "prompt_tokens",
    "cached_tokens", "written_tokens", "written_1h_tokens", "output_tokens", "prompt_ms",
    "first_byte_ms", "total_ms", "received_bytes", "forwarded_bytes", "blocks",
  ]

  static let opening = [Prompts.prose(400), "yes", "go on"]

  @Test func `every turn is one object with the shared names first`() throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer())
    let agent = scene.agent()
    _ = try scene.call(agent, "/v1/chat/completions", Prompts.chat(Self.opening))
    _ = try scene.call(
      agent, "/v1/chat/completions", Prompts.chat(Self.opening + ["yes", "more"]))
    let turns = try scene.turns(2)
    #expect(turns.count == 2)
    for turn in turns {
      let names = turn.members?.map(\.key) ?? []
      #expect(names.starts(with: Self.shared))
      #expect(Set(Self.shared + Self.own) == Set(names))
      #expect(Set(names).count == names.count)
    }
  }

  @Test func `a turn that appends only keeps everything`() throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer(prompt: 900, cached: 850))
    let agent = scene.agent()
    _ = try scene.call(agent, "/v1/chat/completions", Prompts.chat(Self.opening))
    _ = try scene.call(
      agent, "/v1/chat/completions", Prompts.chat(Self.opening + ["yes", "more"]))
    let turns = try scene.turns(2)
    #expect(turns[0]["preserved_prefix_pct"] == .null)
    let second = turns[1]
    #expect(second["session_id"] == turns[0]["session_id"])
    #expect(second["turn"]?.integer == 2)
    #expect(second["preserved_prefix_pct"]?.integer == 100)
    #expect(second["mutated"] == .bool(false))
    #expect(second["mutation_index"] == .null)
    #expect(second["prev_len"]?.integer == 4)
    #expect(second["incoming_len"]?.integer == 6)
    #expect(second["lcp"]?.integer == 4)
    #expect(second["total_tokens"]?.integer == 900)
    #expect(second["cached_tokens"]?.integer == 850)
    #expect(second["cause"] == .null)
    #expect(second["state"]?.string == "done")
    #expect(second["status"]?.integer == 200)
  }

  @Test func `a change in an old message is reported with its exact place`() throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer(prompt: 900, cached: 20))
    let agent = scene.agent()
    let text = Prompts.prose(400)
    let first = Prompts.chat([text, "yes", "go on"])
    let second = Prompts.chat(
      [text.replacing("word3", with: "wurd3", maxReplacements: 1), "yes", "go on", "yes", "more"])
    let offset = zip(first.utf8, second.utf8).prefix { $0 == $1 }.count
    _ = try scene.call(agent, "/v1/chat/completions", first)
    _ = try scene.call(agent, "/v1/chat/completions", second)
    let turn = try scene.turns(2)[1]
    #expect(turn["mutated"] == .bool(true))
    #expect(turn["mutation_index"]?.integer == 1)
    #expect(turn["path"]?.string == "messages[1].content")
    #expect(turn["field"]?.string == "content")
    #expect(turn["byte"]?.integer == offset)
    #expect(turn["cause"]?.string == "inPlaceEdit")
    #expect(turn["cause_side"]?.string == "agent")
    #expect(turn["lcp"]?.integer == 1)
    #expect(turn["was"]?.string?.contains("word3") == true)
    #expect(turn["now"]?.string?.contains("wurd3") == true)
    scene.wait(for: "the line of the turn") {
      scene.proxy.standardOutput.contains(
        "MUTATION at msg[1] | content broke prefix at byte \(offset) | message edited in place")
    }
  }

  @Test func `a clock in the system prompt is called by its name`() throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer(prompt: 900, cached: 10))
    let agent = scene.agent()
    let rules = Prompts.prose(200, seed: 5)
    _ = try scene.call(
      agent, "/v1/messages",
      Prompts.anthropic(Self.opening, system: "Time: 2026-03-01 14:02:11. \(rules)"))
    _ = try scene.call(
      agent, "/v1/messages",
      Prompts.anthropic(
        Self.opening + ["yes", "more"], system: "Time: 2026-03-01 14:03:45. \(rules)"))
    let turn = try scene.turns(2)[1]
    #expect(turn["cause"]?.string == "clock")
    #expect(turn["path"]?.string == "system")
    #expect(turn["api"]?.string == "anthropic-messages")
  }

  @Test func `a server that reused less than predicted is contradicted`() throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer(prompt: 900, cached: 0))
    let agent = scene.agent()
    _ = try scene.call(agent, "/v1/chat/completions", Prompts.chat(Self.opening))
    _ = try scene.call(
      agent, "/v1/chat/completions", Prompts.chat(Self.opening + ["yes", "more"]))
    let turn = try scene.turns(2)[1]
    #expect(turn["preserved_prefix_pct"]?.integer == 100)
    #expect(turn["cached_tokens"]?.integer == 0)
    #expect(turn["server_cause"] != .null)
  }

  @Test func `what a server does not report is null and not zero`() throws {
    let scene = try Scene()
    scene.answerAll(ok(#"{"choices":[]}"#))
    _ = try scene.call(scene.agent(), "/v1/chat/completions", Prompts.chat(Self.opening))
    let turn = try scene.turns(1)[0]
    #expect(turn["cached_tokens"] == .null)
    #expect(turn["prompt_tokens"] == .null)
    #expect(turn["tokens_estimated"] == .bool(true))
  }

  @Test func `two agents through one port stay two sessions`() throws {
    try withSimulator { simulator in
      let scene = try Scene(server: simulator.address)
      let agents = [("one/1.0", 11), ("two/1.0", 12)].map { name, seed in
        (scene.agent(), "User-Agent: \(name)\r\n", [Prompts.prose(300, seed: seed)])
      }
      for turn in 0..<3 {
        for (agent, fields, texts) in agents {
          let more = (0..<turn).flatMap { ["answer \($0)", "question \($0)"] }
          _ = try scene.call(
            agent, "/v1/chat/completions", Prompts.chat(texts + more), fields)
        }
      }
      let turns = try scene.turns(6)
      let sessions = Set(turns.compactMap { $0["session_id"]?.string })
      #expect(sessions.count == 2)
      for session in sessions {
        let own = turns.filter { $0["session_id"]?.string == session }
        #expect(own.compactMap { $0["turn"]?.integer } == [1, 2, 3])
        #expect(Set(own.compactMap { $0["agent"]?.string }).count == 1)
        #expect(
          own.dropFirst().allSatisfy { $0["preserved_prefix_pct"]?.integer == 100 })
      }
    }
  }

  @Test func `two conversations of one agent that begin alike stay two sessions`() throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer())
    let rules = Prompts.prose(300, seed: 3)
    let agent = scene.agent()
    for turn in 0..<2 {
      for task in ["fix the parser", "write the manual"] {
        let more = turn == 0 ? [] : ["done: \(task)", "thanks for: \(task)"]
        _ = try scene.call(
          agent, "/v1/chat/completions",
          Prompts.chat(["Please \(task)."] + more, system: rules))
      }
    }
    let turns = try scene.turns(4)
    #expect(Set(turns.compactMap { $0["session_id"]?.string }).count == 2)
    #expect(turns.allSatisfy { $0["mutated"] == .bool(false) })
  }

  @Test func `the line log has one line per turn and one per prompt that cannot be read`() throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer(prompt: 900, cached: 850))
    let agent = scene.agent()
    _ = try scene.call(agent, "/v1/chat/completions", Prompts.chat([Prompts.prose(400)]))
    _ = try scene.call(agent, "/v1/embeddings", #"{"input":"x"}"#)
    _ = try scene.call(agent, "/v1/messages", "not json")
    scene.wait(for: "both lines") { scene.proxy.lines.count >= 6 }
    let lines = scene.proxy.lines.dropFirst(4)
    let turn = try #require(lines.first)
    #expect(
      turn.hasSuffix(" turn 1 | first turn | 900 prompt tokens | server reused 850 | clean"),
      "\(turn)")
    #expect(lines.last?.contains("POST /v1/messages not measured") == true)
  }

  @Test func `the file is readable by its owner only`() throws {
    let scene = try Scene()
    #expect(scene.ndjson.mode == 0o600)
  }

  @Test func `a second run adds to the file`() throws {
    let file = try TemporaryFile("{\"kept\":true}\n")
    try withSimulator { simulator in
      let scene = try Scene(server: simulator.address, options: ["--ndjson", file.path])
      _ = try scene.call(scene.agent(), "/v1/chat/completions", Prompts.chat(["hi"]))
      scene.wait(for: "the turn in the file") { file.text.split(separator: "\n").count == 2 }
      #expect(file.text.hasPrefix("{\"kept\":true}\n{\"ts\":"))
    }
  }
}
