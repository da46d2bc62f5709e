import Bytes
import Testing
import Wire

@testable import Proxy

@Suite struct RequestReaderTests {
  /// The requests in `text`, read in pieces of `size`.
  private func requests(_ text: String, size: Int, intoBody: Bool = false) -> [String] {
    var reader = RequestReader(
      limits: .request, maxBodyBytes: 1000, allowance: BodyAllowance(limit: 1 << 30))
    var results: [String] = []
    func note(_ outcome: RequestReader.Outcome) {
      switch outcome {
      case .more: break
      case .expectsContinue: results.append("continue")
      case .complete(let head, let body, _):
        results.append("\(head.method) \(head.target) \(body.string(0..<body.count))")
      case .refused(_, let status, _): results.append("\(status)")
      }
    }
    let bytes = Array(text.utf8)
    bytes.withUnsafeBytes { bytes in
      var at = 0
      while at < bytes.count {
        let end = min(at + size, bytes.count)
        if intoBody, let space = reader.bodySpace() {
          let count = min(space.count, end - at)
          space.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[at..<at + count]))
          let (surplus, outcome) = reader.didReadIntoBody(count)
          note(outcome)
          at += count - surplus.count
        } else {
          let (consumed, outcome) = reader.consume(
            UnsafeRawBufferPointer(rebasing: bytes[at..<end]))
          note(outcome)
          at += consumed
          if case .refused = outcome { return }
        }
      }
    }
    return results
  }

  private let stream =
    "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nPOST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\n\r\nhello world"
    + "POST /3 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n!\r\n0\r\nT: 1\r\n\r\n"
    + "PUT /4 HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\nGET /5 HTTP/1.1\r\nHost: h\r\n\r\n"

  @Test(arguments: [1, 2, 3, 5, 7, 11, 13, 64, 100, 10_000], [false, true])
  func `requests come out the same however their bytes arrive`(size: Int, intoBody: Bool) {
    #expect(
      requests(stream, size: size, intoBody: intoBody) == [
        "GET /1 ", "POST /2 hello world", "POST /3 hello!", "PUT /4 ", "GET /5 ",
      ])
  }

  @Test(arguments: [1, 7, 10_000])
  func `a body over the limit is refused as soon as that is known`(size: Int) {
    #expect(
      requests("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n", size: size) == ["413"])
    let chunk = String(repeating: "a", count: 600)
    #expect(
      requests(
        "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n\(chunk)\r\n258\r\n\(chunk)\r\n",
        size: size) == ["413"])
  }

  @Test func `a client is asked for its body only if none of it has come`() {
    let head = "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    #expect(requests(head + "ok", size: head.utf8.count) == ["continue", "POST / ok"])
    #expect(requests(head + "ok", size: 10_000) == ["POST / ok"])
  }

  @Test func `a length alone reserves no more than addresses for 16 MiB`() throws {
    var reader = RequestReader(
      limits: .request, maxBodyBytes: 1 << 40, allowance: BodyAllowance(limit: .max))
    let head = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000000\r\n\r\n"
    _ = Array(head.utf8).withUnsafeBytes { reader.consume($0) }
    let space = reader.bodySpace()
    #expect(try #require(space).count < 17 << 20)
  }
}
