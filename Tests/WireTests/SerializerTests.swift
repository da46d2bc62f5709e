import Bytes
import Testing
import Wire

private func forwarded(
  _ text: String, target: String? = nil, bodyLength: Int? = nil,
  extra: [(String, String)] = [], omitting: [StaticString] = []
) throws -> String {
  let head = try #require(try request(text))
  let out = ByteBuffer(capacity: 16)
  HTTPSerializer.appendRequest(
    head: head, target: target ?? head.target, host: "up:81", bodyLength: bodyLength, extra: extra,
    omitting: omitting, to: out)
  return out.string(0..<out.count)
}

private func answered(
  _ text: String, framing: BodyFraming? = nil, closing: Bool = false, clientMinorVersion: Int = 1,
  extra: [(String, String)] = [], method: String = "POST"
) throws -> String {
  let head = try #require(try response(text, to: method))
  let out = ByteBuffer(capacity: 16)
  HTTPSerializer.appendResponse(
    head: head, framing: framing ?? head.framing, closing: closing,
    clientMinorVersion: clientMinorVersion, extra: extra, to: out)
  return out.string(0..<out.count)
}

@Test func `a forwarded request keeps its fields byte for byte and in order`() throws {
  let text = try forwarded(
    "POST /v1 HTTP/1.1\r\nX-a:\t1 \r\nHOST: a\r\nx-A:2\r\nAuthorization:  Bearer \u{E4}\r\n\r\n",
    target: "/base/v1")
  #expect(
    text == "POST /base/v1 HTTP/1.1\r\nHost: up:81\r\nX-a:\t1 \r\nx-A:2\r\n"
      + "Authorization:  Bearer \u{E4}\r\nVia: 1.1 holdfast\r\n\r\n")
}

@Test func `framing of a request is made anew`() throws {
  let text = try forwarded(
    "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", bodyLength: 7)
  #expect(
    text == "POST / HTTP/1.1\r\nHost: up:81\r\nContent-Length: 7\r\nVia: 1.1 holdfast\r\n\r\n")
  let length = try forwarded(
    "POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 0005\r\n\r\n", bodyLength: 5)
  #expect(length.contains("\r\nContent-Length: 5\r\n"))
  #expect(!length.contains("0005"))
  #expect(!(try forwarded("GET / HTTP/1.1\r\nHost: a\r\n\r\n")).contains("Content-Length"))
}

@Test(arguments: [
  "Connection: keep-alive", "Keep-Alive: timeout=5", "TE: trailers", "Trailer: X",
  "Upgrade: h2c", "Proxy-Connection: close", "Proxy-Authorization: Basic x",
  "Proxy-Authenticate: Basic", "proxy-authentication-info: x", "Expect: 100-continue",
])
func `hop-by-hop fields are not forwarded`(_ line: String) throws {
  let text = try forwarded("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n\(line)\r\nC: d\r\n\r\n")
  #expect(text == "GET / HTTP/1.1\r\nHost: up:81\r\nA: b\r\nC: d\r\nVia: 1.1 holdfast\r\n\r\n")
}

@Test(arguments: [
  "X-Length-Abcd: 1", "X-Proxy-Connect1: 1", "X-Transfer-Coding: 1", "X-Proxy-Authentic8: 1",
  "X-Proxy-Authorizat9: 1", "X-Proxy-Authentication-25: 1", "X-Conn-Abc: 1", "xx: 1", "Cost: 1",
])
func `fields with names as long as those of hop-by-hop fields are forwarded`(
  _ line: String
) throws {
  #expect(try forwarded("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n").contains("\r\n\(line)\r\n"))
}

@Test(arguments: ["Proxy-Status: x", "Via: 1.1 other", "Forwarded: for=a", "X-Te: y", "Expect: y"])
func `end-to-end fields are forwarded`(_ line: String) throws {
  #expect(try forwarded("GET / HTTP/1.1\r\nHost: a\r\n\(line)\r\n\r\n").contains("\r\n\(line)\r\n"))
}

@Test func `fields that Connection names are not forwarded`() throws {
  let text = try forwarded(
    "GET / HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nConnection: close, x-one\r\nX-Two: 2\r\n"
      + "X-Onee: 3\r\nConnection: X-TWO\r\nx-one: 4\r\n\r\n")
  #expect(text == "GET / HTTP/1.1\r\nHost: up:81\r\nX-Onee: 3\r\nVia: 1.1 holdfast\r\n\r\n")
}

@Test func `Connection cannot take Host or the framing away`() throws {
  let text = try forwarded(
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nConnection: host, content-length, via\r\n\r\n",
    bodyLength: 3)
  #expect(
    text == "POST / HTTP/1.1\r\nHost: up:81\r\nContent-Length: 3\r\nVia: 1.1 holdfast\r\n\r\n")
}

@Test func `Via tells the version that was received`() throws {
  #expect(try forwarded("GET / HTTP/1.0\r\n\r\n").contains("\r\nVia: 1.0 holdfast\r\n"))
  #expect(try answered("HTTP/1.0 200 OK\r\n\r\n").contains("\r\nVia: 1.0 holdfast\r\n"))
}

@Test func `extra fields are added and cannot forge framing or end the head`() throws {
  let text = try forwarded(
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    extra: [
      ("X-Slot", "3"), ("Content-Length", "9"), ("transfer-encoding", "chunked"), ("Host", "b"),
      ("Connection", "close"), ("Upgrade", "x"), ("A", "b\r\nC: d"), ("A B", "c"), ("", "x"),
      ("X-Empty", ""),
    ])
  #expect(
    text == "GET / HTTP/1.1\r\nHost: up:81\r\nVia: 1.1 holdfast\r\nX-Slot: 3\r\nX-Empty: \r\n\r\n")
}

@Test func `fields can be left out by name`() throws {
  let text = try forwarded(
    "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nA: b\r\n\r\n",
    omitting: ["accept-encoding"])
  #expect(text == "GET / HTTP/1.1\r\nHost: up:81\r\nA: b\r\nVia: 1.1 holdfast\r\n\r\n")
}

@Test func `a forwarded response keeps its fields and its phrase`() throws {
  let text = try answered(
    "HTTP/1.1 200 Fine\r\nServer: x\r\nTransfer-Encoding: chunked\r\nKeep-Alive: timeout=5\r\n"
      + "content-TYPE:text/event-stream\r\n\r\n")
  #expect(
    text == "HTTP/1.1 200 Fine\r\nServer: x\r\ncontent-TYPE:text/event-stream\r\n"
      + "Transfer-Encoding: chunked\r\nVia: 1.1 holdfast\r\n\r\n")
}

@Test func `the length of a response without a body is kept where it describes another`() throws {
  let length = "\r\nContent-Length: 5\r\n"
  #expect(
    try answered("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", method: "HEAD").contains(length))
  #expect(try answered("HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n").contains(length))
  #expect(!(try answered("HTTP/1.1 204 x\r\nContent-Length: 5\r\n\r\n").contains("Content-Length")))
  #expect(!(try answered("HTTP/1.1 103 x\r\nContent-Length: 5\r\n\r\n").contains("Content-Length")))
}

@Test func `the length of a response is written once`() throws {
  let text = try answered("HTTP/1.1 200 OK\r\nContent-Length: 005\r\n\r\n")
  #expect(text == "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nVia: 1.1 holdfast\r\n\r\n")
}

@Test func `Connection says what happens to the connection to this client`() throws {
  let text = "HTTP/1.1 200 OK\r\nConnection: close, x\r\nX: y\r\nContent-Length: 0\r\n\r\n"
  #expect(!(try answered(text).contains("Connection")))
  #expect(!(try answered(text).contains("X: y")))
  #expect(try answered(text, closing: true).contains("\r\nConnection: close\r\n"))
  #expect(try answered(text, clientMinorVersion: 0).contains("\r\nConnection: keep-alive\r\n"))
  #expect(try answered(text, framing: .untilClose).contains("\r\nConnection: close\r\n"))
}

@Test func `a self-made response has no Via`() {
  let out = ByteBuffer(capacity: 16)
  var fields = HeaderFields()
  fields.append(name: "Content-Type", value: "application/json")
  HTTPSerializer.appendResponse(
    head: ResponseHead(status: 502, fields: fields), framing: .length(2), closing: true,
    forwarded: false, extra: [("Date", "x")], to: out)
  #expect(
    out.string(0..<out.count)
      == "HTTP/1.1 502 Bad Gateway\r\nContent-Type: application/json\r\nContent-Length: 2\r\n"
      + "Connection: close\r\nDate: x\r\n\r\n")
}

@Test func `a phrase cannot end the head`() {
  let out = ByteBuffer(capacity: 16)
  HTTPSerializer.appendResponse(
    head: ResponseHead(status: 200, reason: "a\r\nX: y"), framing: .length(0), closing: false,
    forwarded: false, to: out)
  #expect(out.string(0..<out.count) == "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n")
}

@Test func `names are hop-by-hop whatever their case`() {
  func isHopByHop(_ name: String) -> Bool {
    feed(name) { HopByHop.isHopByHop($0) }
  }
  #expect(isHopByHop("KEEP-alive"))
  #expect(isHopByHop("te"))
  #expect(!isHopByHop("Host"))
  #expect(!isHopByHop("Content-Length"))
  #expect(!isHopByHop(""))
}

@Test func `nominations are looked up whatever their case`() throws {
  let text = try forwarded(
    "GET / HTTP/1.1\r\nHost: a\r\nConnection: x-A, b\r\nX-a: 1\r\nX: 2\r\n\r\n")
  #expect(!text.contains("X-a") && text.contains("\r\nX: 2\r\n"))
}
