import Bytes
import Glibc

/// Reads messages with a Content-Length from a socket, one after the other; waits for each.
struct HTTPMessages {
  private let descriptor: Int32
  /// The message that was read last, whole.
  let buffer = ByteBuffer(capacity: 64 * 1024)

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// - Returns: false at the end of the connection.
  func next() -> Bool {
    buffer.removeAll()
    while true {
      if let length = wholeLength, buffer.count >= length { return buffer.count == length }
      buffer.reserve(max(64 * 1024, (wholeLength ?? 0) - buffer.count))
      let count = recv(descriptor, buffer.vacant.baseAddress, buffer.vacant.count, 0)
      guard count > 0 else { return false }
      buffer.advance(by: count)
    }
  }

  /// Of head and body; nil until the head is complete.
  private var wholeLength: Int? {
    let ends = 0..<max(0, buffer.count - 3)
    let end = ends.first {
      buffer.base.loadUnaligned(fromByteOffset: $0, as: UInt32.self) == 0x0A0D_0A0D
    }
    guard let head = end.map({ $0 + 4 }) else { return nil }
    let text = buffer.string(0..<head).lowercased()
    let line = text.split(separator: "\r\n").first { $0.hasPrefix("content-length: ") }
    return head + (line.flatMap { Int($0.dropFirst(16)) } ?? 0)
  }
}

/// - Returns: false if the other side has gone.
func sendWhole(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) -> Bool {
  var rest = bytes
  while let start = rest.baseAddress, rest.count > 0 {
    let count = send(descriptor, start, rest.count, Int32(MSG_NOSIGNAL))
    if count <= 0 { return false }
    rest = UnsafeRawBufferPointer(rebasing: rest[count...])
  }
  return true
}
