import Bytes
import CZlib
import Proxy
import Testing
import Turns
import Upstream
import Wire

/// Figures of answers that are compressed on their way.
@Suite struct CompressedAnswerTests {
  private static let json =
    #"{"id":"x","choices":[{"message":{"content":"ok"}}],"usage":{"prompt_tokens":90,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":70}}}"#
  private static let stream =
    "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"ok\"}}]}\n\n"
    + "data: {\"id\":\"c\",\"choices\":[],\"timings\":{\"cache_n\":70,\"prompt_n\":20}}\n\n"
    + "data: [DONE]\n\n"

  private static func gzip(_ text: String) -> [UInt8] {
    var stream = z_stream()
    precondition(czlib_deflate_init(&stream, 6, 16 + 15) == Z_OK)
    defer { deflateEnd(&stream) }
    var input = Array(text.utf8)
    var out = [UInt8](repeating: 0, count: input.count + 256)
    let room = out.count
    let left = input.withUnsafeMutableBufferPointer { source in
      out.withUnsafeMutableBufferPointer { target in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        _ = deflate(&stream, Z_FINISH)
        return Int(stream.avail_out)
      }
    }
    return Array(out[..<(room - left)])
  }

  /// Plays an exchange whose answer arrives in `pieces`.
  private func play(_ pieces: [[UInt8]], type: String, coding: String) throws -> TurnRecord {
    let bench = Bench()
    let plan = bench.send(#"{"messages":[{"role":"user","content":"hello"}],"model":"m"}"#)
    plan.observer?.forwarded()
    var fields = HeaderFields()
    fields.append(name: "Content-Type", value: type)
    fields.append(name: "Content-Encoding", value: coding)
    plan.observer?.responseHead(ResponseHead(status: 200, fields: fields))
    for piece in pieces { piece.withUnsafeBytes { plan.observer?.responseBody($0) } }
    plan.observer?.ended(.complete(status: 200))
    return try #require(bench.finished.first)
  }

  @Test(arguments: [(json, "application/json"), (stream, "text/event-stream")])
  func `the server's counts are read from a compressed answer`(_ text: String, _ type: String)
    throws
  {
    let coded = Self.gzip(text)
    for pieces in [[coded], coded.map { [$0] }] {
      let record = try play(pieces, type: type, coding: "gzip")
      #expect(record.usage.promptTokens == 90)
      #expect(record.usage.cachedTokens == 70)
    }
  }

  @Test func `an answer in an unknown coding has no figures`() throws {
    let record = try play([Array(Self.json.utf8)], type: "application/json", coding: "aes128gcm")
    #expect(record.state == .done)
    #expect(record.usage.promptTokens == nil)
  }

  @Test func `an answer that is not what its header says has no figures`() throws {
    let record = try play([Array(Self.json.utf8)], type: "application/json", coding: "br")
    #expect(record.state == .done)
    #expect(record.usage.promptTokens == nil)
  }
}
