import EventLoop
import Glibc

/// The built program, run as people run it: own process, output in pipes, no input.
final class HoldfastProcess {
  struct Failure: Error { var reason: String }

  let process: pid_t
  private let output: PipeText
  private let errors: PipeText
  private var status: Int32?
  /// Where it puts its control socket, unless the environment says otherwise.
  private let runtime = try? TemporaryDirectory()

  /// - Parameters:
  ///   - program: another one, for tests that need a helper.
  ///   - environment: more variables, as `NAME=VALUE`.
  ///   - blockedSignals: the mask that it inherits.
  ///   - outputBytes: how much output the system holds for a test that does not read it.
  init(
    _ arguments: [String], program: String = HoldfastProcess.path, environment: [String] = [],
    blockedSignals: [Int32] = [], outputBytes: Int32? = nil
  ) throws {
    let out = try Self.channel()
    defer { close(out.write) }
    if var outputBytes {
      setsockopt(
        out.write, SOL_SOCKET, SO_SNDBUF, &outputBytes, socklen_t(MemoryLayout<Int32>.size))
    }
    output = PipeText(descriptor: out.read)
    let err = try Self.channel()
    defer { close(err.write) }
    errors = PipeText(descriptor: err.read)
    // Nothing of the person who runs the tests: no locale, no colours, no home directory.
    var settings = ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8", "TZ=UTC"]
    if let runtime, !environment.contains(where: { $0.hasPrefix("XDG_RUNTIME_DIR=") }) {
      settings.append("XDG_RUNTIME_DIR=\(runtime.path)")
    }
    process = try Self.spawn(
      program, arguments, environment: environment + settings + Self.instrumentation,
      blockedSignals: blockedSignals, output: out.write, errors: err.write)
  }

  deinit {
    if status == nil {
      if Self.countsFile != nil { leaveCounts() }
      guard exitStatus() == nil else { return }
      kill(process, SIGKILL)
      waitpid(process, nil, 0)
    }
  }

  private func leaveCounts() {
    kill(process, SIGTERM)
    for _ in 0..<200 where exitStatus() == nil { usleep(10_000) }
  }

  /// Beside the program that runs the tests: built from the same sources, in the same way.
  static var path: String {
    let tests = realpath("/proc/self/exe", nil).map { path in
      defer { free(path) }
      return String(cString: path)
    }
    guard let tests else { return "" }
    let end = tests.lastIndex(of: "/") ?? tests.startIndex
    return tests[..<end] + "/holdfast"
  }

  /// Close-on-exec from the start, or programs that other tests start meanwhile would hold it open;
  /// `pipe2` would do as well, but Swift does not see it.
  private static func channel() throws -> (read: Int32, write: Int32) {
    var ends: [Int32] = [-1, -1]
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw Failure(reason: "socketpair: \(String(cString: strerror(errno)))")
    }
    return (ends[0], ends[1])
  }

  /// Of a run under a sanitizer, or one that counts what is executed. What a program that ends leaves
  /// to the system is no leak.
  private static var instrumentation: [String] {
    var options: [String] = []
    for name in ["TSAN_OPTIONS", "ASAN_OPTIONS"] {
      guard let value = getenv(name) else { continue }
      options.append("\(name)=\(String(cString: value)):detect_leaks=0")
    }
    return options + (countsFile.map { ["\(countsName)=\($0)"] } ?? [])
  }

  private static let countsName = "LLVM_PROFILE_FILE"
  /// Where a program leaves its counts, if it is not killed.
  private static let countsFile = getenv(countsName).map { String(cString: $0) }

  private static func spawn(
    _ path: String, _ arguments: [String], environment: [String], blockedSignals: [Int32],
    output: Int32, errors: Int32
  ) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_adddup2(&actions, errors, 2)
    // The threads of the test library block signals, and a mask is inherited.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var mask = sigset_t()
    sigemptyset(&mask)
    for signal in blockedSignals { sigaddset(&mask, signal) }
    posix_spawnattr_setsigmask(&attributes, &mask)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    var environment = environment.map { strdup($0) } + [nil]
    defer { for word in words + environment { free(word) } }
    var process = pid_t()
    let code = posix_spawn(&process, path, &actions, &attributes, &words, &environment)
    guard code == 0 else { throw Failure(reason: "\(path): \(String(cString: strerror(code)))") }
    return process
  }

  // MARK: What it wrote

  var standardOutput: String { output.text() }
  var standardError: String { errors.text() }
  var lines: [Substring] { standardOutput.split(separator: "\n") }

  /// The address in the banner, once that is printed.
  var address: SocketAddress? {
    let marker = "listening on http://"
    guard let line = lines.first(where: { $0.contains(marker) }),
      let colon = line.lastIndex(of: ":"), let port = Int(line[line.index(after: colon)...])
    else { return nil }
    return try? SocketAddress(ip: "127.0.0.1", port: port)
  }

  /// Stops listening to it, as a pager that was left does.
  func closeStandardOutput() { output.end() }

  // MARK: Its end

  func send(signal: Int32) { kill(process, signal) }

  /// The exit status once the process has ended; 128 and the signal if one killed it.
  func exitStatus() -> Int32? {
    if let status { return status }
    var raw: Int32 = 0
    guard waitpid(process, &raw, WNOHANG) == process else { return nil }
    status = raw & 0x7f == 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f)
    return status
  }
}

/// What came through a pipe so far. Reading never waits.
private struct PipeText {
  private final class Pipe {
    let descriptor: Int32
    var bytes: [UInt8] = []

    init(_ descriptor: Int32) { self.descriptor = descriptor }
    deinit { close(descriptor) }
  }

  private let pipe: Pipe

  init(descriptor: Int32) { pipe = Pipe(descriptor) }

  func end() { Glibc.shutdown(pipe.descriptor, Int32(SHUT_RDWR)) }

  func text() -> String {
    var buffer = [UInt8](repeating: 0, count: 65_536)
    var state = pollfd(fd: pipe.descriptor, events: Int16(POLLIN), revents: 0)
    while poll(&state, 1, 0) > 0 {
      let count = read(pipe.descriptor, &buffer, buffer.count)
      if count <= 0 { break }
      pipe.bytes += buffer[..<count]
    }
    return String(decoding: pipe.bytes, as: UTF8.self)
  }
}
