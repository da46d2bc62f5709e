import Bytes
import Glibc

/// What holdfast is compared with, in processes of their own: a server that answers at once, and the
/// least that a proxy which measures could do: it reads a request whole, compares it with the one
/// before, and sends it on. Each serves one connection after the other.
enum RelayPeer {
  static let argument = "relay-peer"

  private static let body = """
    {"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"done"},\
    "finish_reason":"stop"}],"usage":{"completion_tokens":1}}
    """

  /// - Parameter arguments: the port to listen on; for the relay also that of the server.
  static func run(_ arguments: [String]) -> Never {
    let ports = arguments.compactMap { Int($0) }
    guard let port = ports.first, let listener = listen(port: port) else { exit(1) }
    print("ready")
    fflush(nil)
    while true {
      let client = accept(listener, nil, nil)
      guard client >= 0 else { exit(1) }
      noDelay(client)
      if ports.count > 1 { relay(client, to: ports[1]) } else { serve(client) }
      close(client)
    }
  }

  private static func serve(_ client: Int32) {
    let requests = HTTPMessages(descriptor: client)
    var answer =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    while requests.next() {
      guard answer.withUTF8({ sendWhole(UnsafeRawBufferPointer($0), to: client) }) else { return }
    }
  }

  private static func relay(_ client: Int32, to port: Int) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(server) }
    guard connect(server, port: port) else { return }
    noDelay(server)
    var (requests, last) = (HTTPMessages(descriptor: client), HTTPMessages(descriptor: client))
    let answers = HTTPMessages(descriptor: server)
    while requests.next() {
      let common = commonPrefixLength(requests.buffer.bytes, last.buffer.bytes)
      guard common >= 0, sendWhole(requests.buffer.bytes, to: server), answers.next(),
        sendWhole(answers.buffer.bytes, to: client)
      else { return }
      swap(&requests, &last)
    }
  }

  private static func listen(port: Int) -> Int32? {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var on: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    guard bind(listener, port: port), Glibc.listen(listener, 16) == 0 else { return nil }
    return listener
  }
}
