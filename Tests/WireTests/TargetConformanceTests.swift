import Testing
import Wire

private func target(
  _ section: String, _ name: String, _ target: String, _ outcome: ConformanceCase.Outcome,
  method: String = "GET", host: String = "a"
) -> ConformanceCase {
  ConformanceCase(
    section, name, "\(method) \(target) HTTP/1.1\r\nHost: \(host)\r\n\r\n", outcome)
}

private func kept(_ name: String, _ text: String) -> ConformanceCase {
  target("9112 3.2.1", name, text, .accepted("GET \(text) 1.1 none"))
}

private func bad(_ section: String, _ name: String, _ text: String) -> ConformanceCase {
  target(section, name, text, .refused(.malformedTarget))
}

private let originForm: [ConformanceCase] = [
  kept("path", "/v1/chat/completions"),
  kept("query", "/v1/models?limit=1&a=b"),
  kept("empty query", "/?"),
  kept("query with slashes and question marks", "/a?b/c?d"),
  kept("empty segments", "//a///b"),
  kept("dot segments are the upstream's business", "/a/../b/./c"),
  kept("all unreserved", "/aZ09-._~"),
  kept("all sub-delims", "/!$&'()*+,;=:@"),
  kept("percent-encoded", "/%41%2f%00%fF"),
  kept("percent-encoded in the query", "/a?%41=%fF"),
  bad("3986 3.5", "fragment", "/a#b"),
  bad("3986 3.5", "fragment in the query", "/a?b#c"),
  bad("3986 2", "backslash", "/a\\b"),
  bad("3986 2", "double quote", "/a\"b"),
  bad("3986 2", "angle brackets", "/<a>"),
  bad("3986 2", "curly brackets", "/{a}"),
  bad("3986 2", "square brackets", "/a[0]"),
  bad("3986 2", "square brackets in the query", "/a?b[]=c"),
  bad("3986 2", "pipe", "/a|b"),
  bad("3986 2", "circumflex", "/a^b"),
  bad("3986 2", "backtick", "/a`b"),
  bad("3986 2", "beyond ASCII", "/ä"),
  bad("3986 2", "delete", "/a\u{7F}b"),
  bad("3986 2", "null", "/a\0b"),
  bad("3986 2", "tab", "/a\tb"),
  bad("3986 2.1", "lonely percent sign", "/a%"),
  bad("3986 2.1", "one digit", "/a%4"),
  bad("3986 2.1", "no digits", "/a%zz"),
  bad("3986 2.1", "one wrong digit", "/a%4g"),
  bad("3986 2.1", "percent sign at the end of the query", "/a?b%"),
  bad("3986 2.1", "percent sign before the query", "/a%?41"),
  bad("9112 3.2", "no leading slash", "a/b"),
  bad("9112 3.2", "query only", "?a=b"),
  target("9112 2.2", "carriage return", "/a\rb", .refused(.bareCarriageReturn)),
]

private let absoluteForm: [ConformanceCase] = [
  target("9112 3.2.2", "same host", "http://a/b?c", .accepted("GET /b?c 1.1 none")),
  target(
    "9112 3.2.2", "same host and port", "http://a:80/b", .accepted("GET /b 1.1 none"), host: "a:80"),
  target("9112 3.2.2", "https", "https://a/b", .accepted("GET /b 1.1 none")),
  target("3986 3.1", "schemes ignore case", "HTTP://a/b", .accepted("GET /b 1.1 none")),
  target(
    "3986 3.2.2", "hosts ignore case", "http://API.example/b", .accepted("GET /b 1.1 none"),
    host: "api.EXAMPLE"),
  target("9112 3.2.1", "no path", "http://a", .accepted("GET / 1.1 none")),
  target("9112 3.2.1", "no path but a query", "http://a?b", .accepted("GET /?b 1.1 none")),
  target(
    "9112 3.2.4", "OPTIONS without a path", "http://a", .accepted("OPTIONS * 1.1 none"),
    method: "OPTIONS"),
  target(
    "9112 3.2.4", "OPTIONS with a path", "http://a/", .accepted("OPTIONS / 1.1 none"),
    method: "OPTIONS"),
  target(
    "9112 3.2.2", "IPv6", "http://[::1]:8080/b", .accepted("GET /b 1.1 none"), host: "[::1]:8080"),
  target("9112 3.2.2", "another host", "http://b/", .refused(.hostMismatch)),
  target("9112 3.2.2", "another port", "http://a:81/", .refused(.hostMismatch), host: "a:80"),
  target("9112 3.2.2", "port on one side", "http://a:80/", .refused(.hostMismatch)),
  bad("9110 4.2.4", "user information", "http://u:p@a/"),
  bad("9110 4.2.1", "no host", "http:///b"),
  bad("9110 4.2.1", "nothing", "http://"),
  bad("9110 4.2.1", "port only", "http://:80/"),
  bad("9112 3.2.2", "one slash", "http:/a"),
  bad("9112 3.2.2", "another scheme", "ftp://a/"),
  bad("9112 3.2.2", "file", "file:///etc/passwd"),
  bad("9112 3.2.2", "port too large", "http://a:65536/"),
  bad("9112 3.2.2", "port with letters", "http://a:8x/"),
  bad("9112 3.2.2", "space in the path", "http://a/b c"),
  bad("9112 3.2.2", "fragment", "http://a/#b"),
  bad("9112 3.2.2", "fragment without a path", "http://a#b"),
  bad("9112 3.2.2", "backslash in the authority", "http://a\\b/"),
]

private let otherForms: [ConformanceCase] = [
  target("9112 3.2.3", "authority form", "a:443", .refused(.malformedTarget)),
  target("9112 3.2.4", "asterisk form", "*", .accepted("OPTIONS * 1.1 none"), method: "OPTIONS"),
  target("9112 3.2.4", "asterisk form of GET", "*", .refused(.malformedTarget)),
  target("9112 3.2.4", "asterisk with more", "*a", .refused(.malformedTarget), method: "OPTIONS"),
  target(
    "9112 3.2.4", "asterisk with a query", "*?a", .refused(.malformedTarget), method: "OPTIONS"),
  target(
    "9110 9.1", "options in lower case is another method", "*", .refused(.malformedTarget),
    method: "options"),
]

@Test(arguments: originForm)
func `targets in origin form are kept byte for byte`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test(arguments: absoluteForm)
func `targets in absolute form must agree with Host`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test(arguments: otherForms)
func `other forms of target are for their methods only`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test func `a target holds URI characters only`() {
  let path = Set(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/?".utf8)
  for byte in UInt8.min...UInt8.max where byte != 0x0A && byte != UInt8(ascii: "%") {
    for prefix in ["GET /", "GET /?"] {
      let input = Array(prefix.utf8) + [byte] + Array("x HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
      let isAccepted = if case .accepted = readRequest([input]) { true } else { false }
      #expect(isAccepted == path.contains(byte), "byte \(byte)")
    }
  }
}

@Test func `the path of a request is its target without the query`() throws {
  let head = try #require(try request("GET /a/b?c=/d HTTP/1.1\r\nHost: a\r\n\r\n"))
  #expect(head.path == "/a/b")
  #expect(RequestHead(method: "GET", target: "/a").path == "/a")
}
