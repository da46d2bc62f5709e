import Glibc

/// The helper that writes a ledger, as a process of its own.
final class ChildProcess {
  private let id: pid_t
  private let output: Int32
  private var buffer: [UInt8] = []
  private var hasEnded = false

  /// The helper stands beside the running test program.
  init(arguments: [String]) throws {
    var path = [CChar](repeating: 0, count: 4096)
    let length = readlink("/proc/self/exe", &path, path.count - 1)
    let own = String(
      decoding: path.prefix(max(0, length)).map(UInt8.init(bitPattern:)), as: UTF8.self)
    let program = own.prefix(upTo: own.lastIndex(of: "/") ?? own.startIndex) + "/LedgerTestWriter"
    var ends: [Int32] = [-1, -1]
    // Close-on-exec from the start, or a child of another test would hold it open.
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw Failure(operation: "socketpair", code: errno)
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    defer { posix_spawn_file_actions_destroy(&actions) }
    var strings = ([String(program)] + arguments).map { strdup($0) } + [nil]
    defer { for string in strings { free(string) } }
    var child = pid_t()
    let code = posix_spawn(&child, String(program), &actions, nil, &strings, environ)
    close(ends[1])
    guard code == 0 else {
      close(ends[0])
      throw Failure(operation: "spawn \(program)", code: code)
    }
    id = child
    output = ends[0]
  }

  struct Failure: Error {
    var operation: String
    var code: Int32
  }

  deinit {
    if !hasEnded { _ = end(SIGKILL) }
    close(output)
  }

  /// The next line it says; nil at the end of its output.
  func line() -> String? {
    while true {
      if let newline = buffer.firstIndex(of: 0x0A) {
        let line = String(decoding: buffer[..<newline], as: UTF8.self)
        buffer.removeSubrange(...newline)
        return line
      }
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = read(output, &bytes, bytes.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return nil }
      buffer.append(contentsOf: bytes[..<count])
    }
  }

  func kill() { _ = Glibc.kill(id, SIGKILL) }

  /// Waits for its end.
  /// - Returns: its exit status, or nil if a signal ended it.
  @discardableResult func wait() -> Int32? { end(nil) }

  private func end(_ signal: Int32?) -> Int32? {
    if let signal { _ = Glibc.kill(id, signal) }
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0, errno == EINTR {}
    hasEnded = true
    return status & 0x7F == 0 ? (status >> 8) & 0xFF : nil
  }
}
