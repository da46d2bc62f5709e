import Bytes
import CSystem
import EventLoop
import Glibc
import Reports
import Synchronization
import Turns

/// Writes the turn log and the NDJSON file on a thread of its own, fed by a ring that does not drop.
/// A full disk or a closed terminal ends what it concerns, with one notice; traffic goes on.
final class ReportWriter: @unchecked Sendable {
  private let ring = EventRing<TurnEvent>(capacity: 1024, backlog: .max)
  private let printsLines: Atomic<Bool>
  private let stopping = Atomic<Bool>(false)
  private let bell: Bell
  private let notify: @Sendable (String) -> Void

  // Writer thread only.
  private var file: Int32
  private let path: String
  private var thread: Thread?
  /// Where lines go.
  private let lineOutput: Int32
  private var lines: WaitingLines
  private let hasEnded = Atomic<Bool>(false)

  /// - Parameters:
  ///   - log: file that lines are appended to; nil for standard output.
  ///   - ndjson: file to append to; nil for none.
  ///   - notify: gets a sentence about output that had to be given up; called on any thread.
  /// - Throws: if a file cannot be opened, or no thread is to be had.
  init(
    lines: Bool, log: String? = nil, ndjson: String?, notify: @escaping @Sendable (String) -> Void
  ) throws(FileError) {
    printsLines = Atomic(lines)
    self.notify = notify
    path = ndjson ?? ""
    file = -1
    lineOutput = try log.map { path throws(FileError) in try Self.open(path) } ?? 1
    self.lines = WaitingLines(descriptor: lineOutput)
    if let ndjson {
      file = try Self.open(ndjson)
    }
    bell = try Bell()
    thread = try Thread(name: "reports") { [unowned self] in
      run()
      hasEnded.store(true, ordering: .releasing)
    }
  }

  private static func open(_ path: String) throws(FileError) -> Int32 {
    // A named pipe that nobody reads is an error, and no reason to wait.
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK
    let file = csystem_open(path, flags, 0o600)
    guard file >= 0 else { throw FileError(path: path, code: errno) }
    return file
  }

  deinit {
    if file >= 0 { close(file) }
    if lineOutput > 2 { close(lineOutput) }
  }

  /// Loop thread only.
  func publish(_ event: TurnEvent) {
    if ring.push(event) { bell.ring() }
  }

  /// From any thread: start or stop printing lines.
  func setLines(_ on: Bool) { printsLines.store(on, ordering: .relaxed) }

  /// Writes what is left and ends the thread. Loop thread only.
  /// - Returns: false if output takes nothing for so long that the thread was given up; the process has
  ///   to end then.
  func finish() -> Bool {
    let end = Loop.monotonicNanos() + Self.mostEndNanos
    while ring.hasBacklog, Loop.monotonicNanos() < end {
      if ring.flush() { bell.ring() }
      usleep(500)
    }
    stopping.store(true, ordering: .sequentiallyConsistent)
    bell.ring()
    while !hasEnded.load(ordering: .acquiring), thread != nil {
      if Loop.monotonicNanos() >= end { return false }
      usleep(500)
    }
    thread?.join()
    thread = nil
    return true
  }

  private static let mostEndNanos: UInt64 = 4_000_000_000

  private func run() {
    var lingers = 0
    while true {
      while let event = ring.pop() {
        handle(event)
        if lines.count >= Self.mostLineBytes { writeLines() }
        lingers = 8
      }
      writeLines()
      if stopping.load(ordering: .sequentiallyConsistent) {
        if lines.wait(millis: Self.lastWaitMillis) { writeLines() }
        return
      }
      // Events come in bursts: a short pause collects them, and the loop need not ring the bell for
      // each one.
      if lingers > 0 {
        lingers -= 1
        bell.wait(millis: 25)
        continue
      }
      guard ring.prepareToSleep() else { continue }
      // While the log takes nothing it is looked at now and then.
      bell.wait(millis: lines.count > 0 ? 250 : nil)
      lingers = 8
    }
  }

  /// For a log that takes nothing when everything else has ended.
  private static let lastWaitMillis: Int32 = 1_000

  private func handle(_ event: TurnEvent) {
    if case .finished(let record) = event, file >= 0 {
      let failure = NDJSONLine.bytes(record).withUnsafeBytes { writeAll($0, to: file) }
      if let failure {
        notify("\(path): \(String(cString: strerror(failure))); nothing more is written to it")
        close(file)
        file = -1
      }
    }
    guard printsLines.load(ordering: .relaxed), let line = EventLine.text(event) else { return }
    lines.append(line)
  }

  private static let mostLineBytes = 16 * 1024

  private func writeLines() {
    if lines.write() { return }
    printsLines.store(false, ordering: .relaxed)
    notify("the log of turns takes no more; turns are not written to it any more")
  }
}

struct FileError: Error, CustomStringConvertible {
  var text: String

  init(path: String, code: Int32) { text = "\(path): \(String(cString: strerror(code)))" }

  init(sentence: String) { text = sentence }

  var description: String { text }
}

/// What the line log says about an event; nil for events that are not worth a line.
enum EventLine {
  static func text(_ event: TurnEvent) -> String? {
    switch event {
    case .finished(let record):
      return TurnLine.text(record, time: clock(record.startedAt))
    case .unmeasured(let at, let method, let path, let status, let reason):
      // Model lists and token counts go by all the time; a prompt that is not read is news.
      guard reason != UnmeasuredReason.notAPrompt else { return nil }
      let answer = status.map { ", answered \($0)" } ?? ""
      let request = method.isEmpty ? "a request" : VisibleText.of("\(method) \(path)")
      return "\(clock(at)) -------- \(request) not measured: \(reason)\(answer)"
    case .upstream(let status):
      guard case .down(let since, let reason, let failed) = status.state, failed == 1 else {
        return nil
      }
      return "\(clock(since)) upstream \(status.address) DOWN: \(reason)"
    case .notice(let notice):
      return "\(clock(notice.at)) \(VisibleText.of(notice.text))"
    case .started, .firstByte, .progress, .sessionEvicted, .modeChanged,
      .repairsChanged, .defaultsChanged:
      return nil
    }
  }

  /// Local wall-clock time, HH:MM:SS.
  static func clock(_ millis: Int64) -> String {
    var seconds = time_t(millis / 1000)
    var parts = tm()
    localtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { Humanised.padded(Int(value), 2) }
    return "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
  }
}
