import Glibc

/// One agent: conversations one after the other on connections that are kept open. Every fourth one
/// changes an old message now and then, and every fifth one goes away in the middle of an answer.
struct SoakAgent {
  private let port: Int
  private let number: Int
  private var descriptor: Int32 = -1
  private var messages: [String] = []
  private var conversation = 0
  private var turn = 0

  init(port: Int, number: Int) {
    self.port = port
    self.number = number
  }

  func close() { if descriptor >= 0 { Glibc.close(descriptor) } }

  /// - Returns: false if there was no whole answer.
  mutating func play() -> Bool {
    if messages.isEmpty || messages.count > 80 {
      conversation += 1
      messages = [
        #"{"role":"system","content":"Agent \#(number), task \#(conversation). \#(text(400))"}"#
      ]
    }
    turn += 1
    messages.append(#"{"role":"user","content":"Step \#(turn). \#(text(120))"}"#)
    if number % 4 == 0, turn % 7 == 0, messages.count > 4 {
      messages[2] = #"{"role":"assistant","content":"changed \#(turn)"}"#
    }
    let leaves = number % 5 == 0 && turn % 6 == 0
    let body =
      #"{"model":"soak","stream":true,"max_tokens":24,"messages":[\#(messages.joined(separator: ","))]}"#
    let isAnswered = exchange(body, leaves: leaves)
    messages.append(#"{"role":"assistant","content":"Done with step \#(turn)."}"#)
    return isAnswered
  }

  private func text(_ words: Int) -> String {
    (0..<words).map { "w\(($0 &* 7919 &+ conversation &* 31 &+ number) % 997)" }
      .joined(separator: " ")
  }

  private mutating func exchange(_ body: String, leaves: Bool) -> Bool {
    if descriptor < 0 {
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      guard connect(descriptor, port: port) else { return drop() }
    }
    var request =
      "POST /v1/chat/completions HTTP/1.1\r\nHost: soak\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
      + body
    let isSent = request.withUTF8 { sendWhole(UnsafeRawBufferPointer($0), to: descriptor) }
    guard isSent else { return drop() }
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var tail: [UInt8] = []
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      guard count > 0 else { return drop() }
      if leaves {
        _ = drop()
        return true
      }
      tail = Array((tail + buffer[..<count]).suffix(5))
      if tail.elementsEqual("0\r\n\r\n".utf8) { return true }
    }
  }

  private mutating func drop() -> Bool {
    Glibc.close(descriptor)
    descriptor = -1
    return false
  }
}
