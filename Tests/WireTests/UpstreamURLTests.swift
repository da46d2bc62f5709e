import Testing
import Wire

@Test(arguments: [
  ("http://localhost", "localhost", 80, "", "localhost"),
  ("http://localhost/", "localhost", 80, "", "localhost"),
  ("http://localhost:8080", "localhost", 8080, "", "localhost:8080"),
  ("http://localhost:", "localhost", 80, "", "localhost"),
  ("HTTP://Example.ORG/", "Example.ORG", 80, "", "Example.ORG"),
  ("http://a:80", "a", 80, "", "a"),
  ("https://a", "a", 443, "", "a"),
  ("https://a:443/v1", "a", 443, "/v1", "a"),
  ("https://a:80", "a", 80, "", "a:80"),
  ("http://a:443", "a", 443, "", "a:443"),
  ("http://[::1]", "::1", 80, "", "[::1]"),
  ("http://[::1]:8080/v1/", "::1", 8080, "/v1", "[::1]:8080"),
  ("http://127.0.0.1:8080/a/b//", "127.0.0.1", 8080, "/a/b", "127.0.0.1:8080"),
  ("http://a/%41;b=c@d:e", "a", 80, "/%41;b=c@d:e", "a"),
])
func `parts of an upstream url`(
  _ text: String, _ host: String, _ port: Int, _ path: String, _ header: String
) throws {
  let url = try UpstreamURL(parsing: text)
  #expect(url.host == host)
  #expect(url.port == port)
  #expect(url.basePath == path)
  #expect(url.hostHeader == header)
  #expect(!url.hasUserInfo)
  #expect(try UpstreamURL(parsing: url.description) == url)
}

@Test(
  arguments: [
    ("", .missingScheme),
    ("localhost", .missingScheme),
    ("localhost:8080", .missingScheme),
    ("//a", .missingScheme),
    ("http:/a", .missingScheme),
    ("http:a", .missingScheme),
    ("http", .missingScheme),
    ("ftp://a", .unsupportedScheme),
    ("unix:///run/a", .unsupportedScheme),
    ("http://", .malformedHost),
    ("http:///v1", .malformedHost),
    ("http://:80", .malformedHost),
    ("http://user@", .malformedHost),
    ("http://user@:80", .malformedHost),
    ("http://a b", .malformedHost),
    ("http://\u{E4}", .malformedHost),
    ("http://a\r\nX: y", .malformedPort),
    ("http://a\\b", .malformedHost),
    ("http://[::1", .malformedHost),
    ("http://[::1]a", .malformedHost),
    ("http://[x]", .malformedHost),
    ("http://::1", .malformedHost),
    ("http://a:0", .malformedPort),
    ("http://a:65536", .malformedPort),
    ("http://a:99999999999999999999", .malformedPort),
    ("http://a:-1", .malformedPort),
    ("http://a:x", .malformedPort),
    ("http://a/b c", .malformedPath),
    ("http://a/%", .malformedPath),
    ("http://a/\u{E4}", .malformedPath),
    ("http://a/\r\nX: y", .malformedPath),
    ("http://a?b", .queryOrFragment),
    ("http://a/v1?key=1", .queryOrFragment),
    ("http://a/v1#b", .queryOrFragment),
  ] as [(String, URLError)])
func `what is no upstream url is refused`(_ text: String, _ error: URLError) {
  #expect(throws: error) { try UpstreamURL(parsing: text) }
}

@Test(arguments: [
  "http://user:secret@a/v1", "http://secret@a/v1", "http://secret:@a/v1", "http://:secret@a/v1",
  "http://x@secret@a/v1", "http://us%65r:secret%40@a/v1",
])
func `user information is noticed and never shown`(_ text: String) throws {
  let url = try UpstreamURL(parsing: text)
  #expect(url.hasUserInfo)
  #expect(url.host == "a")
  #expect(url.description == "http://a/v1")
  #expect(!String(reflecting: url).contains("secret"))
  #expect(!"\(url)".contains("secret"))
}

@Test func `an error about a url shows nothing of it`() {
  #expect(throws: URLError.malformedPort) { try UpstreamURL(parsing: "http://u:secret@a:x") }
  #expect(!URLError.malformedPort.reason.contains("secret"))
}

@Test func `the target for an upstream begins with its base path`() throws {
  #expect(try UpstreamURL(parsing: "http://a/base/").target(for: "/v1?x") == "/base/v1?x")
  #expect(try UpstreamURL(parsing: "http://a").target(for: "/v1") == "/v1")
  #expect(try UpstreamURL(parsing: "http://a/base").target(for: "*") == "*")
}

@Test(arguments: [
  ("http://a/v1", "/v1/chat/completions", "/v1/chat/completions"),
  ("http://a/openai/v1", "/v1/models?x=1", "/openai/v1/models?x=1"),
  ("http://a/v1", "/v1", "/v1"), ("http://a/v1", "/v1?x", "/v1?x"),
  ("http://a/v1", "/chat/completions", "/v1/chat/completions"),
  ("http://a/v1", "/v1beta/models", "/v1/v1beta/models"), ("http://a/v1", "*", "*"),
  ("http://a/base", "/v1/models", "/base/v1/models"), ("http://a", "/v1/models", "/v1/models"),
])
func `a version that ends the url is not put in front of one`(
  _ url: String, _ target: String, _ forwarded: String
) throws {
  #expect(try UpstreamURL(parsing: url).target(for: target) == forwarded)
}
