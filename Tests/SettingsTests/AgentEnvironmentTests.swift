import Testing

@testable import Settings

@Suite struct AgentEnvironmentTests {
  private static func variables(
    _ upstreams: [(String, String)], noProxy: [(name: String, value: String)] = []
  ) -> [String: String] {
    let list = AgentEnvironment.variables(
      address: "127.0.0.1:4000", upstreams: upstreams.map { .init(name: $0.0, host: $0.1) },
      noProxy: noProxy)
    return Dictionary(uniqueKeysWithValues: list.map { ($0.name, $0.value) })
  }

  @Test func `one upstream gets every API`() {
    let variables = Self.variables([("default", "localhost")])
    #expect(
      variables == [
        "OPENAI_BASE_URL": "http://127.0.0.1:4000/v1",
        "OPENAI_API_BASE": "http://127.0.0.1:4000/v1",
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:4000",
        "ANTHROPIC_API_BASE": "http://127.0.0.1:4000",
      ])
  }

  @Test func `Anthropic's own API goes to the upstream that is Anthropic`() {
    let variables = Self.variables([("default", "localhost"), ("claude", "api.anthropic.com")])
    #expect(variables["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:4000/claude")
    #expect(variables["OPENAI_BASE_URL"] == "http://127.0.0.1:4000/v1")
    let turned = Self.variables([("default", "api.anthropic.com"), ("local", "localhost")])
    #expect(turned["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:4000")
    #expect(turned["OPENAI_BASE_URL"] == "http://127.0.0.1:4000/local/v1")
  }

  @Test func `a name that only ends alike is not Anthropic`() {
    let variables = Self.variables([("default", "localhost"), ("other", "notanthropic.com")])
    #expect(variables["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:4000")
  }

  @Test func `a forward proxy is not asked for the proxy's address`() {
    let variables = Self.variables(
      [("default", "localhost")], noProxy: [("no_proxy", "example.com"), ("NO_PROXY", "")])
    #expect(variables["no_proxy"] == "example.com,127.0.0.1")
    #expect(variables["NO_PROXY"] == "127.0.0.1")
  }
}
