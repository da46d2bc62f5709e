/// The kinds of model server that Holdfast knows. Detected from responses and endpoints, never from
/// the port.
public enum ServerKind: UInt8, Sendable, CaseIterable {
  case unknown, llamaCpp, vLLM, sgLang, ollama, lmStudio, openAI, anthropic, deepSeek

  public var name: String {
    switch self {
    case .unknown: "server"
    case .llamaCpp: "llama.cpp"
    case .vLLM: "vLLM"
    case .sgLang: "SGLang"
    case .ollama: "Ollama"
    case .lmStudio: "LM Studio"
    case .openAI: "OpenAI"
    case .anthropic: "Anthropic"
    case .deepSeek: "DeepSeek"
    }
  }
}
