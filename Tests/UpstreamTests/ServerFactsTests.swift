import Bytes
import Testing
import Upstream

private func read<T>(_ json: String, _ reader: (UnsafeRawBufferPointer) -> T?) -> T? {
  Array(json.utf8).withUnsafeBytes { reader($0) }
}

/// As llama-server answers, shortened.
private func props(
  path: String = "/m/a.gguf", marker: String = "<__media_VtqB0F6V__>", slots: Int = 2,
  window: Int = 65536
) -> String {
  #"{"default_generation_settings":{"params":{"seed":4294967295},"n_ctx":\#(window)},"total_slots":\#(slots),"model_alias":"a","model_path":"\#(path)","media_marker":"\#(marker)","chat_template":"{%- for message in messages %}{%- endfor %}","build_info":"b1-0c1e570"}"#
}

@Suite struct ServerFactsTests {
  @Test func `a llama server tells its window, its slots and its build`() throws {
    let facts = try #require(read(props(), PropsReader.facts))
    #expect(facts.kind == .llamaCpp)
    #expect(facts.slotCount == 2)
    #expect(facts.windowTokens(of: "whatever the agent calls it") == 65536)
    #expect(facts.build == "b1-0c1e570")
  }

  @Test func `another start of the same server is told apart`() throws {
    let first = try #require(read(props(), PropsReader.facts))
    let again = try #require(read(props(), PropsReader.facts))
    let second = try #require(read(props(marker: "<__media_x__>"), PropsReader.facts))
    #expect(first.startMark == again.startMark)
    #expect(first.startMark != second.startMark)
    #expect(first.setupMark == second.setupMark)
  }

  @Test func `another model is another setup`() throws {
    let first = try #require(read(props(), PropsReader.facts))
    let second = try #require(read(props(path: "/m/b.gguf"), PropsReader.facts))
    #expect(first.setupMark != second.setupMark)
  }

  @Test func `a server without a mark of its start says nothing about starts`() throws {
    let old = #"{"default_generation_settings":{"n_ctx":4096},"total_slots":1}"#
    #expect(try #require(read(old, PropsReader.facts)).startMark == 0)
  }

  @Test(arguments: [
    "", "[]", "{}", "null", "{\"default_generation_settings\":1}", "<html></html>",
    #"{"default_generation_settings":{"n_ctx":1}"#,
  ])
  func `anything else is no llama server`(_ text: String) {
    #expect(read(text, PropsReader.facts) == nil)
  }

  @Test(arguments: [-1, 0, 1 << 40])
  func `a window that cannot be is not believed`(_ window: Int) throws {
    let facts = try #require(read(props(window: window), PropsReader.facts))
    #expect(facts.windows.isEmpty)
  }

  @Test(arguments: [
    ("llamacpp", ServerKind.llamaCpp), ("vllm", .vLLM), ("sglang", .sgLang),
    ("library", .ollama), ("organization_owner", .lmStudio), ("me", .unknown),
  ])
  func `the owner of the models tells the server`(_ owner: String, _ kind: ServerKind) throws {
    let list = #"{"object":"list","data":[{"id":"m","object":"model","owned_by":"\#(owner)"}]}"#
    #expect(try #require(read(list, ModelListReader.openAI)).kind == kind)
  }

  @Test func `vLLM tells the window of each model`() throws {
    let list =
      #"{"object":"list","data":[{"id":"Qwen/Qwen3-8B","object":"model","created":1755,"owned_by":"vllm","root":"Qwen/Qwen3-8B","parent":null,"max_model_len":40960,"permission":[]},{"id":"lora","object":"model","owned_by":"vllm","max_model_len":8192}]}"#
    let facts = try #require(read(list, ModelListReader.openAI))
    #expect(facts.windowTokens(of: "Qwen/Qwen3-8B") == 40960)
    #expect(facts.windowTokens(of: "lora") == 8192)
    #expect(facts.windowTokens(of: "other") == nil)
  }

  @Test func `LM Studio tells the window of loaded models only`() throws {
    let list =
      #"{"object":"list","data":[{"id":"a","type":"llm","state":"loaded","max_context_length":131072,"loaded_context_length":16384},{"id":"b","state":"not-loaded","max_context_length":32768}]}"#
    let facts = try #require(read(list, ModelListReader.lmStudio))
    #expect(facts.windowTokens(of: "a") == 16384)
    #expect(facts.windowTokens(of: "b") == nil)
  }

  @Test func `Ollama's window is found under the name without a tag`() throws {
    let list =
      #"{"models":[{"name":"gemma4:latest","model":"gemma4:latest","size":1,"context_length":4096}]}"#
    let facts = try #require(read(list, ModelListReader.ollama))
    #expect(facts.windowTokens(of: "gemma4") == 4096)
  }

  @Test func `slots show what they hold`() throws {
    let json =
      #"[{"id":0,"n_ctx":65536,"speculative":false,"is_processing":false},{"id":1,"n_ctx":65536,"is_processing":false,"id_task":6,"n_prompt_tokens":324,"n_prompt_tokens_processed":0,"n_prompt_tokens_cache":0,"params":{"n_predict":5}},{"id":2,"n_ctx":65536,"is_processing":true,"id_task":9,"n_prompt_tokens":4096,"n_prompt_tokens_processed":2048,"n_prompt_tokens_cache":1000}]"#
    let slots = try #require(read(json, SlotState.list))
    #expect(slots.map(\.tokens) == [nil, 324, 4096])
    #expect(slots.map(\.isBusy) == [false, false, true])
    #expect(slots[2].processedTokens == 2048)
    #expect(slots[2].cachedTokens == 1000)
  }

  @Test(arguments: ["{}", "[]", "[1]", #"[{"id":-1,"is_processing":false}]"#, #"[{"id":0}]"#])
  func `anything else is no list of slots`(_ text: String) {
    #expect(read(text, SlotState.list) == nil)
  }
}
