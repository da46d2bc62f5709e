import Bytes

/// Reads lists of models: who owns them tells servers apart, and some tell the window.
public enum ModelListReader {
  /// `GET /v1/models` in the shape of OpenAI's. vLLM and SGLang add `max_model_len`, llama.cpp
  /// `meta.n_ctx`; LM Studio and Ollama add nothing but are known by `owned_by`.
  public static func openAI(_ json: UnsafeRawBufferPointer) -> ServerFacts? {
    guard let models = JSONValue(json)?["data"]?.array else { return nil }
    var facts = ServerFacts()
    for model in models.prefix(ServerFacts.maxModels) {
      guard let id = model["id"]?.string else { continue }
      if facts.kind == .unknown { facts.kind = kind(model["owned_by"]?.string ?? "") }
      if let window = model["max_model_len"]?.integer { add(window, of: id, to: &facts) }
      if let window = model["meta"]?["n_ctx"]?.integer { add(window, of: id, to: &facts) }
    }
    return facts
  }

  private static func kind(_ owner: String) -> ServerKind {
    switch owner {
    case "llamacpp": .llamaCpp
    case "vllm": .vLLM
    case "sglang": .sgLang
    case "library": .ollama
    case "organization_owner": .lmStudio
    default: .unknown
    }
  }

  /// `GET /api/v0/models` of LM Studio: the window with which a model is loaded.
  public static func lmStudio(_ json: UnsafeRawBufferPointer) -> ServerFacts? {
    guard let models = JSONValue(json)?["data"]?.array else { return nil }
    var facts = ServerFacts()
    facts.kind = .lmStudio
    for model in models.prefix(ServerFacts.maxModels) where model["state"]?.string == "loaded" {
      guard let id = model["id"]?.string, let window = model["loaded_context_length"]?.integer
      else { continue }
      add(window, of: id, to: &facts)
    }
    return facts
  }

  /// `GET /api/ps` of Ollama: the models in memory and the window each was given.
  public static func ollama(_ json: UnsafeRawBufferPointer) -> ServerFacts? {
    guard let models = JSONValue(json)?["models"]?.array else { return nil }
    var facts = ServerFacts()
    facts.kind = .ollama
    for model in models.prefix(ServerFacts.maxModels) {
      guard let name = model["name"]?.string, let window = model["context_length"]?.integer
      else { continue }
      add(window, of: name, to: &facts)
    }
    return facts
  }

  private static func add(_ window: Int, of model: String, to facts: inout ServerFacts) {
    guard (1...(1 << 30)).contains(window) else { return }
    facts.windows.append(.init(model: String(model.prefix(256)), tokens: window))
  }
}
