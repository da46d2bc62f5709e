/// The variables by which agents and their libraries are pointed at a proxy.
public enum AgentEnvironment {
  public struct Upstream: Sendable {
    /// The first upstream answers at `/`, any other below `/NAME/`.
    var name: String
    var host: String

    public init(name: String, host: String) {
      self.name = name
      self.host = host
    }
  }

  /// - Parameters:
  ///   - address: of the proxy, `127.0.0.1:8089`.
  ///   - upstreams: as configured; the first one that fits an API is used for it.
  ///   - noProxy: values of `no_proxy` and `NO_PROXY`, if they are set.
  public static func variables(
    address: String, upstreams: [Upstream], noProxy: [(name: String, value: String)] = []
  ) -> [(name: String, value: String)] {
    let anthropic = base(address, upstreams, of: isAnthropic)
    let openAI = base(address, upstreams) { !isAnthropic($0) }
    var variables = [
      // OpenAI's libraries, and what is built on them
      (name: "OPENAI_BASE_URL", value: openAI + "/v1"),
      // aider, LiteLLM, older libraries
      (name: "OPENAI_API_BASE", value: openAI + "/v1"),
      // Claude Code, Anthropic's libraries
      (name: "ANTHROPIC_BASE_URL", value: anthropic),
      // LiteLLM
      (name: "ANTHROPIC_API_BASE", value: anthropic),
    ]
    // An agent behind a forward proxy would ask that one for this machine's own address.
    for (name, value) in noProxy {
      variables.append(
        (name: name, value: value.isEmpty ? host(address) : "\(value),\(host(address))"))
    }
    return variables
  }

  private static func isAnthropic(_ upstream: Upstream) -> Bool {
    let host = upstream.host.lowercased()
    return host == "anthropic.com" || host.hasSuffix(".anthropic.com")
  }

  private static func base(
    _ address: String, _ upstreams: [Upstream], of fits: (Upstream) -> Bool
  ) -> String {
    guard let index = upstreams.firstIndex(where: fits), index > 0 else {
      return "http://\(address)"
    }
    return "http://\(address)/\(upstreams[index].name)"
  }

  private static func host(_ address: String) -> String {
    guard let colon = address.lastIndex(of: ":") else { return address }
    return String(address[..<colon])
  }
}
