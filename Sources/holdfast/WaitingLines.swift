import Glibc

/// Lines on their way to a descriptor that may take nothing for a while: a terminal that is held, a
/// pager that is not read on. Writing never waits; what is too much is left out and counted.
struct WaitingLines {
  private let descriptor: Int32
  private var bytes: [UInt8] = []
  private var leftOut = 0

  private static let mostBytes = 256 << 10
  /// What a descriptor that is writable takes without waiting: PIPE_BUF of pipe(7).
  private static let pieceBytes = 4096

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// Bytes that wait.
  var count: Int { bytes.count }

  mutating func append(_ line: String) {
    if bytes.count + line.utf8.count > Self.mostBytes {
      leftOut += 1
      return
    }
    if leftOut > 0 {
      bytes += "(\(leftOut) lines were left out: nothing was taken)\n".utf8
      leftOut = 0
    }
    bytes += line.utf8
    bytes.append(0x0A)
  }

  /// Writes what is taken now.
  /// - Returns: false if nothing is taken any more; everything that waits is dropped then.
  mutating func write() -> Bool {
    var done = 0
    defer { bytes.removeFirst(done) }
    while done < bytes.count, isWritable(millis: 0) {
      let piece = min(Self.pieceBytes, bytes.count - done)
      let written = bytes.withUnsafeBytes { all in
        all.baseAddress.map { Glibc.write(descriptor, $0 + done, piece) } ?? 0
      }
      if written >= 0 {
        done += written
      } else if errno == EAGAIN {
        return true
      } else if errno != EINTR {
        done = bytes.count
        return false
      }
    }
    return true
  }

  /// Waits until something is taken.
  /// - Returns: whether there is something that waits and may be written now.
  func wait(millis: Int32) -> Bool { !bytes.isEmpty && isWritable(millis: millis) }

  /// True, too, if writing tells an error at once.
  private func isWritable(millis: Int32) -> Bool {
    var watch = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    return poll(&watch, 1, millis) != 0
  }
}
