import Glibc

/// Gives the terminal back when the process dies of a fault: the saved settings, one write of the
/// sequences that undo the full screen mode, then the fault's own end.
///
/// One at a time in a process. The handler touches nothing but the memory prepared here, because at
/// that moment nothing else can be trusted.
final class CrashGuard {
  fileprivate struct Prepared {
    var terminal: Int32
    var settings: termios
    var bytes: UnsafeMutablePointer<UInt8>
    var count: Int
    var savedError: Int32
    var capturedError: Int32
    var scratch: UnsafeMutableRawPointer
  }

  static let scratchBytes = 4_096

  private static let signals = [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT]

  private let prepared: UnsafeMutablePointer<Prepared>
  private var previous: [(Int32, sigaction)] = []

  /// - Parameters:
  ///   - restore: what is written to `terminal`.
  ///   - errors: what the runtime said last goes from there to the real standard error.
  init(terminal: Int32, settings: termios, restore: String, errors: ErrorCapture?) {
    let text = Array(restore.utf8)
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, text.count))
    bytes.initialize(from: text, count: text.count)
    prepared = .allocate(capacity: 1)
    prepared.initialize(
      to: Prepared(
        terminal: terminal, settings: settings, bytes: bytes, count: text.count,
        savedError: errors?.saved ?? -1, capturedError: errors?.file ?? -1,
        scratch: .allocate(byteCount: CrashGuard.scratchBytes, alignment: 16)))
    current = UnsafeMutableRawPointer(prepared)
    for signal in CrashGuard.signals {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { crashed($0) }
      action.sa_flags = Int32(bitPattern: UInt32(SA_RESETHAND))
      sigemptyset(&action.sa_mask)
      var old = sigaction()
      if sigaction(signal, &action, &old) == 0 { previous.append((signal, old)) }
    }
  }

  /// Puts the earlier handlers back.
  func remove() {
    for (signal, action) in previous {
      var action = action
      sigaction(signal, &action, nil)
    }
    previous = []
    current = nil
    prepared.pointee.bytes.deallocate()
    prepared.pointee.scratch.deallocate()
    prepared.deallocate()
  }
}

/// Read by the signal handler; written by the thread that owns the terminal.
private nonisolated(unsafe) var current: UnsafeMutableRawPointer? = nil

private func crashed(_ signal: Int32) {
  if let current {
    let prepared = current.assumingMemoryBound(to: CrashGuard.Prepared.self)
    tcsetattr(prepared.pointee.terminal, TCSANOW, &prepared.pointee.settings)
    write(prepared.pointee.terminal, prepared.pointee.bytes, prepared.pointee.count)
    if prepared.pointee.savedError >= 0 {
      dup2(prepared.pointee.savedError, 2)
      let file = prepared.pointee.capturedError
      let start = max(0, lseek(file, 0, SEEK_END) - off_t(CrashGuard.scratchBytes))
      let got = pread(file, prepared.pointee.scratch, CrashGuard.scratchBytes, start)
      if got > 0 { write(2, prepared.pointee.scratch, got) }
    }
  }
  // The disposition is the default again: raising it once more ends the process with its status.
  raise(signal)
}
