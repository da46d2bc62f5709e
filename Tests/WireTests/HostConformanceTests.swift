import Testing
import Wire

private func host(_ name: String, _ value: String, isValid: Bool) -> ConformanceCase {
  ConformanceCase(
    "9110 7.2", name, "GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n",
    isValid ? .accepted("GET / 1.1 none") : .refused(.malformedHost))
}

private let hosts: [ConformanceCase] = [
  host("name", "localhost", isValid: true),
  host("dotted name", "api.example.org", isValid: true),
  host("name with a final dot", "a.", isValid: true),
  host("underscore", "my_host", isValid: true),
  host("port", "a:8080", isValid: true),
  host("port 0", "a:0", isValid: true),
  host("highest port", "a:65535", isValid: true),
  host("empty port", "a:", isValid: true),
  host("IPv4", "127.0.0.1:8080", isValid: true),
  host("percent-encoded", "%41b", isValid: true),
  host("white space around", "  a \t", isValid: true),
  host("IPv6", "[::1]", isValid: true),
  host("IPv6 with port", "[fe80::1:2]:80", isValid: true),
  host("IPv6 in full", "[1:2:3:4:5:6:7:8]", isValid: true),
  host("IPv6 any", "[::]", isValid: true),
  host("IPv6 with a gap at the end", "[1::]", isValid: true),
  host("IPv6 with IPv4", "[::ffff:1.2.3.4]", isValid: true),
  host("IPv6 in full with IPv4", "[1:2:3:4:5:6:1.2.3.4]", isValid: true),
  host("empty", "", isValid: false),
  host("only white space", "   ", isValid: false),
  host("only a port", ":80", isValid: false),
  host("port too large", "a:65536", isValid: false),
  host("port with six digits", "a:000080", isValid: false),
  host("port with a sign", "a:+80", isValid: false),
  host("port with a letter", "a:8o", isValid: false),
  host("two ports", "a:80:80", isValid: false),
  host("space inside", "a b", isValid: false),
  host("list", "a, b", isValid: false),
  host("slash", "a/b", isValid: false),
  host("backslash", "a\\b", isValid: false),
  host("user information", "u@a", isValid: false),
  host("question mark", "a?b", isValid: false),
  host("number sign", "a#b", isValid: false),
  host("url", "http://a", isValid: false),
  host("quotes", "\"a\"", isValid: false),
  host("beyond ASCII", "ä", isValid: false),
  host("half a percent triplet", "a%4", isValid: false),
  host("wrong percent triplet", "a%zz", isValid: false),
  host("IPv6 without brackets", "::1", isValid: false),
  host("open bracket", "[::1", isValid: false),
  host("closed bracket only", "::1]", isValid: false),
  host("empty brackets", "[]", isValid: false),
  host("text behind the bracket", "[::1]a", isValid: false),
  host("IPv6 with a zone", "[fe80::1%25eth0]", isValid: false),
  host("IPv6 with two gaps", "[1::2::3]", isValid: false),
  host("IPv6 with three colons", "[:::1]", isValid: false),
  host("IPv6 too short", "[1:2:3]", isValid: false),
  host("IPv6 too long", "[1:2:3:4:5:6:7:8:9]", isValid: false),
  host("IPv6 gap for nothing", "[1:2:3:4:5:6:7::8]", isValid: false),
  host("IPv6 with five digits", "[12345::]", isValid: false),
  host("IPv6 with one leading colon", "[:1:2:3:4:5:6:7]", isValid: false),
  host("IPv6 with one trailing colon", "[1:2:3:4:5:6:7:]", isValid: false),
  host("IPv6 with bad IPv4", "[::1.2.3.256]", isValid: false),
  host("IPv6 with short IPv4", "[::1.2.3]", isValid: false),
  host("IPv6 with IPv4 in front", "[1.2.3.4::]", isValid: false),
  host("IPv4 with a leading zero in IPv6", "[::01.2.3.4]", isValid: false),
  host("IPv4 in brackets", "[1.2.3.4]", isValid: false),
  host("future address", "[v1.a]", isValid: false),
]

private let counts: [ConformanceCase] = [
  ConformanceCase(
    "9112 3.2", "missing", "GET / HTTP/1.1\r\nAccept: */*\r\n\r\n", .refused(.missingHost)),
  ConformanceCase("9112 3.2", "no fields at all", "GET / HTTP/1.1\r\n\r\n", .refused(.missingHost)),
  ConformanceCase(
    "9112 3.2", "missing in an absolute-form request", "GET http://a/ HTTP/1.1\r\n\r\n",
    .refused(.missingHost)),
  ConformanceCase(
    "9112 3.2", "missing in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n",
    .accepted("GET / 1.0 none closes")),
  ConformanceCase(
    "9112 3.2", "malformed in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a b\r\n\r\n",
    .refused(.malformedHost)),
  ConformanceCase(
    "9112 3.2", "twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", .refused(.repeatedHost)),
  ConformanceCase(
    "9112 3.2", "twice the same", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
    .refused(.repeatedHost)),
  ConformanceCase(
    "9112 3.2", "twice in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
    .refused(.repeatedHost)),
  ConformanceCase(
    "9110 5.1", "names ignore case", "GET / HTTP/1.1\r\nhOsT:a\r\n\r\n",
    .accepted("GET / 1.1 none")),
]

@Test(arguments: hosts)
func `Host must match its grammar`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}

@Test(arguments: counts)
func `Host must be there exactly once`(_ example: ConformanceCase) {
  example.verify { readRequest($0) }
}
