import Upstream

extension UpstreamStatus {
  /// Whether prompts are processed on a machine of one's own, paid in seconds instead of money: a
  /// kind of server that people run themselves, or any on a loopback address.
  public var isLocal: Bool {
    switch kind {
    case .llamaCpp, .vLLM, .sgLang, .ollama, .lmStudio: true
    case .openAI, .anthropic, .deepSeek: false
    case .unknown: isLoopback
    }
  }

  private var isLoopback: Bool {
    var host = Substring(address)
    if let colon = host.lastIndex(of: ":") { host = host[..<colon] }
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    if host == "::1" || host == "localhost" || host.hasSuffix(".localhost") { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}
