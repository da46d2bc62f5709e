import Bytes
import Testing
import Wire

@Test func `a request goes through parser and serializer`() throws {
  let text =
    "POST /v1/chat?x=1 HTTP/1.1\r\nhost: a:80\r\nX-A:  b \r\nConnection: keep-alive, X-Drop\r\nx-drop: 1\r\ncontent-length: 3\r\nZ: y\r\n\r\nabc"
  var parser = RequestHeadParser()
  let (n, head) = try Array(text.utf8).withUnsafeBytes { try parser.consume($0) }
  #expect(n == text.utf8.count - 3)
  let out = ByteBuffer(capacity: 10)
  HTTPSerializer.appendRequest(
    head: try #require(head), target: "/b/v1", host: "up", bodyLength: 3, to: out)
  #expect(
    out.string(0..<out.count)
      == "POST /b/v1 HTTP/1.1\r\nHost: up\r\nX-A:  b \r\nZ: y\r\nContent-Length: 3\r\nVia: 1.1 holdfast\r\n\r\n"
  )
  var sse = SSEScanner()
  var got: [String] = []
  Array("event: a\ndata: 1\ndata: 2\n\ndata:x\r\n\r\n".utf8).withUnsafeBytes {
    sse.feed($0) { got.append(($0 ?? "-") + String(decoding: $1, as: UTF8.self)) }
  }
  #expect(got == ["a1\n2", "-x"])
  var dec = ChunkedDecoder()
  var body = ""
  let used = try Array("3;a=b\r\nabc\r\n0\r\nT: 1\r\n\r\nGET".utf8).withUnsafeBytes {
    try dec.consume($0) { body += String(decoding: $0, as: UTF8.self) }
  }
  #expect(body == "abc"); #expect(dec.isFinished); #expect(used == 23);
  #expect(dec.trailers.first("t") == "1")
}
