import CSystem
import EventLoop
import Glibc

/// Tells apart what SIGHUP is sent for: the terminal is gone, or somebody wants the configuration
/// read again.
final class HangUpWatch {
  private var watch: SignalWatch?
  private var timer: EventLoop.Timer?
  private static let hadTerminal = hasTerminal
  private let gone: () -> Void

  /// Shells that end send the signal before they let go of the terminal.
  private static let graceMillis: UInt64 = 1_000

  /// - Parameters:
  ///   - gone: the terminal that the process was started on is not there any more. Called again for
  ///     each further signal.
  ///   - reload: the terminal is there, or there never was one.
  init(loop: Loop, gone: @escaping () -> Void, reload: @escaping () -> Void) throws(UVError) {
    self.gone = gone
    // nohup(1) asks for the end of the terminal to be ignored.
    if Self.isIgnored { return }
    timer = EventLoop.Timer(loop: loop) { [unowned self] in
      if !Self.hasTerminal { self.gone() }
    }
    watch = try SignalWatch(loop: loop, signal: SIGHUP) { [unowned self] in
      guard Self.hadTerminal else { return reload() }
      guard Self.hasTerminal else {
        timer?.stop()
        return self.gone()
      }
      timer?.start(afterMillis: Self.graceMillis)
      reload()
    }
  }

  /// To be called before the signal is held back: the terminal may go while the proxy still starts.
  static func noteTerminal() { _ = hadTerminal }

  /// From here on the signal has its effect; one that came before has it now.
  static func accept() {
    var set = sigset_t()
    sigemptyset(&set)
    sigaddset(&set, SIGHUP)
    pthread_sigmask(SIG_UNBLOCK, &set, nil)
  }

  func close() {
    watch?.close()
    timer?.close()
    watch = nil
    timer = nil
  }

  /// Whether the process has a controlling terminal; one that hung up is none.
  private static var hasTerminal: Bool {
    let descriptor = csystem_open("/dev/tty", O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return false }
    Glibc.close(descriptor)
    return true
  }

  private static var isIgnored: Bool {
    var action = sigaction()
    sigaction(SIGHUP, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self)
      == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}
