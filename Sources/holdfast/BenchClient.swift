import Bytes
import EventLoop
import Glibc

/// The simplest client there can be: one request, one connection, read to the end.
enum BenchClient {
  /// - Returns: the JSON text of the answer's content; nil if there is none.
  static func post(_ body: String, to address: SocketAddress) -> String? {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = in_port_t(UInt16(address.port)).bigEndian
    target.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
    let connected = withUnsafePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { return nil }
    let head =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: \(address)\r\nContent-Type: application/json\r\n"
      + "User-Agent: holdfast-bench\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
    guard Console.write(head + body, descriptor) else { return nil }
    return content(readAll(descriptor))
  }

  private static func readAll(_ descriptor: Int32) -> ByteBuffer {
    let answer = ByteBuffer(capacity: 65_536)
    while true {
      answer.reserve(16_384)
      let count = read(descriptor, answer.vacant.baseAddress, answer.vacant.count)
      guard count > 0 else { return answer }
      answer.advance(by: count)
    }
  }

  /// The raw `content` of the first choice.
  private static func content(_ answer: ByteBuffer) -> String? {
    guard let start = findBytes("\r\n\r\n{", in: answer.bytes) else { return nil }
    var scanner = JSONScanner(answer.bytes, at: start + 4)
    guard let choices = scanner.member("choices") else { return nil }
    scanner.position = choices.lowerBound
    guard scanner.accept(UInt8(ascii: "[")), let message = scanner.member("message") else {
      return nil
    }
    scanner.position = message.lowerBound
    guard let content = scanner.member("content"), answer.bytes[content.lowerBound] == 0x22 else {
      return #""ok""#
    }
    return answer.string(content)
  }
}
