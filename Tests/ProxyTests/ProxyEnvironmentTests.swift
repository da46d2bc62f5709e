import Testing
import Wire

@testable import Proxy

@Suite struct ProxyEnvironmentTests {
  private func proxy(_ variables: [String: String], _ url: String) throws -> String? {
    try ProxyEnvironment { variables[$0] }.proxy(for: UpstreamURL(parsing: url))?.description
  }

  private static let cases: [([String: String], String, String?)] = [
    (["HTTPS_PROXY": "p"], "https://a.example", "p:80"),
    (["https_proxy": "p:1", "HTTPS_PROXY": "q"], "https://a.example", "p:1"),
    (["HTTPS_PROXY": "p"], "http://a.example", nil),
    (["HTTP_PROXY": "p"], "https://a.example", nil),
    (["HTTP_PROXY": "p"], "http://a.example", "p:80"),
    (["ALL_PROXY": "p"], "https://a.example", "p:80"),
    (["ALL_PROXY": "p", "HTTPS_PROXY": ""], "https://a.example", nil),
    (["ALL_PROXY": "p", "NO_PROXY": "b.example, a.example"], "https://a.example", nil),
    (["ALL_PROXY": "p"], "https://localhost:8080", nil),
    (["ALL_PROXY": "p"], "http://127.1.2.3", nil),
    (["ALL_PROXY": "p"], "http://[::1]:8080", nil),
    ([:], "https://a.example", nil),
  ]

  @Test(arguments: cases)
  func `the environment decides by the scheme`(
    variables: [String: String], url: String, expected: String?
  ) throws {
    #expect(try proxy(variables, url) == expected)
  }

  @Test func `a variable that cannot be followed is named without its value`() {
    #expect(
      throws: ProxyEnvironment.Fault(
        variable: "HTTPS_PROXY", reason: "is no http:// proxy, the only kind supported")
    ) {
      try proxy(["https_proxy": "socks5://u:p@h"], "https://a.example")
    }
  }

  @Test func `a variable that no upstream needs does no harm`() throws {
    #expect(try proxy(["ALL_PROXY": "socks5://h"], "http://localhost:8080") == nil)
  }

  private static let lists: [(String, String, Bool)] = [
    ("example.com", "example.com", true), ("example.com", "api.example.com", true),
    ("example.com", "notexample.com", false), (".example.com", "api.example.com", true),
    ("*.example.com", "api.example.com", true), ("EXAMPLE.com", "Example.COM.", true),
    ("*", "anything", true), ("", "anything", false), (",, ,", "anything", false),
    ("example.com:443", "example.com", true), ("example.com:80", "example.com", false),
    ("10.0.0.0/8", "10.200.3.4", true), ("10.0.0.0/8", "11.0.0.1", false),
    ("10.0.0.128/25", "10.0.0.200", true), ("10.0.0.128/25", "10.0.0.127", false),
    ("0.0.0.0/0", "9.9.9.9", true), ("10.0.0.1", "10.0.0.1", true),
    ("10.0.0.1", "10.0.0.2", false), ("10.0.0.1:443", "10.0.0.1", true),
    ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe80::1", false),
    ("[fd00::1]:443", "fd00::1", true),
    ("fd00::1", "fd00::1", true), ("10.0.0.0/33", "10.0.0.0", false),
    ("10.0.0.0/-1", "10.0.0.0", false), ("10.0.0.0/x", "10.0.0.0", false),
    ("0.0.0.0/0", "example.com", false), ("10.0.0.1", "10.0.0.1.example.com", false),
  ]

  @Test(arguments: lists)
  func `exceptions are names, networks and ports`(list: String, host: String, expected: Bool) {
    #expect(NoProxyList(list).contains(host: host, port: 443) == expected)
  }
}
