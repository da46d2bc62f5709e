import Bytes
import EventLoop
import Glibc
import Testing
import Wire

@testable import Simulator

/// A blocking HTTP client for one simulator; every wait is bounded.
final class TestClient {
  struct Response {
    var head: ResponseHead
    var body: [UInt8]

    var text: String { String(decoding: body, as: UTF8.self) }
    func json() throws -> JSONTree { try JSONReader.read(body) }

    /// The data of all events of a stream.
    func events() -> [JSONTree] {
      var scanner = SSEScanner(maxEventBytes: 1 << 20)
      var events: [JSONTree] = []
      for byte in body {
        withUnsafeBytes(of: byte) { bytes in
          scanner.feed(bytes) { _, data in
            if let event = try? JSONReader.read(data) { events.append(event) }
          }
        }
      }
      return events
    }
  }

  struct Failure: Error { var reason: String }

  private let descriptor: Int32
  private var pending: [UInt8] = []

  init(_ address: SocketAddress) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var target = sockaddr_in()
    target.sin_family = sa_family_t(AF_INET)
    target.sin_port = in_port_t(UInt16(address.port).bigEndian)
    target.sin_addr.s_addr = in_addr_t(UInt32(0x7F00_0001).bigEndian)
    let code = withUnsafePointer(to: &target) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if code != 0 { throw Failure(reason: "connect") }
  }

  deinit { Glibc.close(descriptor) }

  func send(_ text: String) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      sent += count
    }
  }

  func post(_ path: String, _ body: String, fields: String = "") {
    send(
      "POST \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n"
        + body)
  }

  func get(_ path: String) { send("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n") }

  /// More bytes, or false at the end of the stream.
  @discardableResult
  func read() throws -> Bool {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
    if count < 0 {
      if errno == ECONNRESET { return false }
      throw Failure(reason: "nothing arrived in time")
    }
    pending += buffer[..<count]
    return count > 0
  }

  /// Whether the server closes the connection without sending anything more.
  func isClosed() throws -> Bool { try !read() }

  func readHead() throws -> ResponseHead {
    var parser = ResponseHeadParser(limits: .response)
    while true {
      let (consumed, head) = try pending.withUnsafeBytes {
        try parser.consume($0, requestMethod: "POST")
      }
      pending.removeFirst(consumed)
      if let head { return head }
      if try !read() { throw Failure(reason: "closed before the head") }
    }
  }

  /// The next bytes as they are.
  func next(_ count: Int) throws -> [UInt8] {
    while pending.count < count { if try !read() { break } }
    let bytes = Array(pending.prefix(count))
    pending.removeFirst(bytes.count)
    return bytes
  }

  func response() throws -> Response {
    let head = try readHead()
    return Response(head: head, body: try readBody(head))
  }

  private func readBody(_ head: ResponseHead) throws -> [UInt8] {
    var body: [UInt8] = []
    switch head.framing {
    case .length(let count):
      while pending.count < count, try read() {}
      body = Array(pending.prefix(count))
      pending.removeFirst(body.count)
    case .chunked:
      var decoder = ChunkedDecoder(limits: .response)
      while true {
        let consumed = try pending.withUnsafeBytes {
          try decoder.consume($0) { body += Array($0) }
        }
        pending.removeFirst(consumed)
        if decoder.isFinished { break }
        if try !read() { throw Failure(reason: "closed within a body") }
      }
    case .none: break
    case .untilClose: while try read() {}
    }
    return body
  }

  func call(_ path: String, _ body: String) throws -> Response {
    post(path, body)
    return try response()
  }
}

/// Waits until a condition holds, for at most twenty seconds.
func eventually(_ condition: () -> Bool) -> Bool {
  for _ in 0..<4_000 {
    if condition() { return true }
    usleep(5_000)
  }
  return condition()
}

/// Runs `body` with a simulator that computes at once unless told otherwise.
func withSimulator<T>(
  _ change: (inout SimulatorOptions) -> Void = { _ in },
  _ body: (SimulatorThread) throws -> T
) throws -> T {
  var options = SimulatorOptions()
  options.prefillTokensPerSecond = 0
  options.generationTokensPerSecond = 0
  change(&options)
  let simulator = try SimulatorThread(options: options)
  defer { simulator.stop() }
  return try body(simulator)
}
