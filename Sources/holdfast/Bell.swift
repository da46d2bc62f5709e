import CSystem
import Glibc

/// Wakes the one thread that waits at it, from any other. Rung several times it wakes once.
final class Bell: Sendable {
  private let readEnd: Int32
  private let writeEnd: Int32

  /// - Throws: if the process has no descriptors left.
  init() throws(FileError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw FileError(path: "pipe", code: errno) }
    for end in ends {
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
      _ = csystem_set_nonblocking(end)
    }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Never waits.
  func ring() {
    var byte: UInt8 = 1
    // A full pipe wakes as well.
    _ = write(writeEnd, &byte, 1)
  }

  /// Until it rings or the time is over; for ever if nil.
  func wait(millis: UInt64? = nil) {
    var watch = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
    guard poll(&watch, 1, millis.map { Int32(clamping: $0) } ?? -1) > 0 else { return }
    var bytes: (UInt64, UInt64) = (0, 0)
    _ = read(readEnd, &bytes, 16)
  }
}
