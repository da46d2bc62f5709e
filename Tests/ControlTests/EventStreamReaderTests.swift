import Bytes
import Prefix
import Testing
import TurnCoding
import Turns
import Wire

@testable import Control

@Suite struct EventStreamReaderTests {
  private static let hello = StreamHello(
    program: "1", process: 1, listen: "127.0.0.1:1", startedAt: 1, readOnly: false, mode: .off)

  private static func stream(_ messages: [StreamMessage], end: Bool = true) -> [UInt8] {
    var bytes = Array(
      "HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n"
        .utf8)
    for message in messages {
      let line = message.line
      bytes += Array("\(String(line.count, radix: 16))\r\n".utf8) + line + Array("\r\n".utf8)
    }
    return bytes + (end ? Array("0\r\n\r\n".utf8) : [])
  }

  /// What a reader says when it is given `bytes` in pieces of `size`.
  private static func read(
    _ bytes: [UInt8], size: Int
  ) -> (messages: [String], fault: ControlClientFault?) {
    var reader = EventStreamReader()
    var messages: [String] = []
    var rest = bytes[...]
    while !rest.isEmpty {
      do throws(ControlClientFault) {
        let piece = ByteBuffer(copying: Array(rest.prefix(size)))
        try reader.consume(piece.bytes) { messages.append("\($0)") }
      } catch {
        return (messages, error)
      }
      rest = rest.dropFirst(size)
    }
    return (messages, nil)
  }

  @Test(arguments: [1, 2, 3, 7, 64, 1_000_000])
  func `messages come out however the bytes are split`(size: Int) {
    let messages: [StreamMessage] = [
      .hello(Self.hello), .event(.sessionEvicted(SessionID(raw: 7))), .lost(3), .caughtUp,
    ]
    let result = Self.read(Self.stream(messages), size: size)
    #expect(result.messages == messages.map { "\($0)" })
    #expect(result.fault == .ended)
  }

  @Test func `another version is refused`() {
    var hello = Self.hello
    hello.version = 2
    let result = Self.read(Self.stream([.hello(hello)]), size: 4_096)
    #expect(result.fault == .version(2, program: "1"))
  }

  @Test func `a line that cannot be read counts as lost`() {
    var bytes = Self.stream([.hello(Self.hello)], end: false)
    bytes += Array("4\r\n{x}\n\r\n".utf8)
    let result = Self.read(bytes, size: 4_096)
    #expect(result.messages.last == "\(StreamMessage.lost(1))")
    #expect(result.fault == nil)
  }

  @Test func `an error says its reason`() {
    let body = #"{"error":{"status":403,"message":"no"}}"#
    let bytes = Array(
      "HTTP/1.1 403 Forbidden\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)".utf8)
    #expect(Self.read(bytes, size: 4_096).fault == .refused(status: 403, message: "no"))
  }

  @Test func `what is not HTTP is refused`() {
    guard case .malformed? = Self.read(Array("SSH-2.0-x\r\n\r\n".utf8), size: 64).fault else {
      Issue.record("not refused")
      return
    }
  }

  @Test(arguments: [
    (ProxyCommand.setMode(session: SessionID(raw: 0xab), mode: .hold), "session"),
    (.setMode(session: nil, mode: .safe), "all"),
    (.setRepairs(session: SessionID(raw: 0xab), repairs: .all), "session"), (.drain, ""),
    (.stop, ""),
  ])
  func `a command is asked for as the server understands it`(
    command: ProxyCommand, about: String
  ) throws {
    let request = ByteBuffer(copying: Array(ControlClient.request(command).utf8))
    var parser = RequestHeadParser()
    let (consumed, head) = try parser.consume(request.bytes)
    let parsed = try #require(head)
    #expect(parsed.framing == .length(request.count - consumed))
    let route = try ControlRoute(parsed, surface: .everything, isReadOnly: false)
    switch (command, route) {
    case (.setMode(let wanted, _), .setMode(let asked)): #expect(asked == wanted)
    case (.setRepairs(let wanted, _), .setRepairs(let asked)): #expect(asked == wanted)
    case (.drain, .drain), (.stop, .stop): break
    default: Issue.record("\(command) became \(route)")
    }
  }

  @Test func `a command's answer is known when it is complete`() throws {
    let bytes = Array("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".utf8)
    for count in 0..<bytes.count {
      #expect(try ControlAnswer.read(Array(bytes.prefix(count))) == nil)
    }
    #expect(try ControlAnswer.read(bytes) == true)
  }
}
