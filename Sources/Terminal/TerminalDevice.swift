import CNcurses
import CSystem
import Dashboard
import Glibc

/// The terminal in full screen mode, from `init` to `leave`. One at a time, used by one thread at a
/// time.
///
/// `/dev/tty` is opened twice, for reading and for writing: the loop makes the reading side
/// non-blocking, and that must never reach the descriptions that are shared with the shell.
public final class TerminalDevice {
  private static let pasteOn = "\u{1b}[?2004h"
  private static let pasteOff = "\u{1b}[?2004l"

  /// Watched by the loop; closed by `leave`.
  let input: Int32
  private let output: Int32
  private let reading: UnsafeMutablePointer<FILE>
  private let writing: UnsafeMutablePointer<FILE>
  private let screen: OpaquePointer
  private var settings = termios()
  private var suspend = sigaction()
  private let errors: ErrorCapture?
  private let crashGuard: CrashGuard

  /// Whether a dashboard can be shown: standard output is a terminal, there is a controlling
  /// terminal, and its type can place the cursor.
  public static var isUsable: Bool {
    guard isatty(1) == 1 else { return false }
    let descriptor = csystem_open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC, 0)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    var status: Int32 = 0
    guard setupterm(nil, descriptor, &status) == OK else { return false }
    defer { cncurses_forget_terminal() }
    return capability("cup") != nil
  }

  /// Whether the locale's character set is UTF-8. `setlocale` has to be called before.
  public static var isUnicode: Bool {
    guard let name = nl_langinfo(Int32(CODESET)) else { return false }
    return String(cString: name) == "UTF-8"
  }

  /// Enters full screen mode.
  init() throws(TerminalError) {
    guard isatty(1) == 1 else { throw .notATerminal }
    input = csystem_open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC, 0)
    guard input >= 0 else { throw .openFailed(errno) }
    output = csystem_open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC, 0)
    guard output >= 0 else {
      let code = errno
      close(input)
      throw .openFailed(code)
    }
    guard let reading = fdopen(input, "r"), let writing = fdopen(output, "w") else {
      let code = errno
      close(input)
      close(output)
      throw .openFailed(code)
    }
    self.reading = reading
    self.writing = writing
    tcgetattr(output, &settings)

    // ncurses takes over signals that still have their default effect; the loop wants them.
    let kept = [SIGINT, SIGTERM, SIGTSTP].map { TerminalDevice.disposition(of: $0) }
    guard let screen = newterm(nil, writing, reading) else {
      fclose(reading)
      fclose(writing)
      throw .unknownTerminal
    }
    self.screen = screen
    for (signal, action) in zip([SIGINT, SIGTERM, SIGTSTP], kept) {
      var action = action
      sigaction(signal, &action, nil)
    }
    guard TerminalDevice.capability("cup") != nil else {
      endwin()
      delscreen(screen)
      fclose(reading)
      fclose(writing)
      throw .noCursorAddressing
    }
    suspend = kept[2]
    signal(SIGTSTP, SIG_IGN)

    errors = ErrorCapture()
    let restore = ["sgr0", "cnorm", "rmcup"].compactMap(TerminalDevice.capability).joined()
    crashGuard = CrashGuard(
      terminal: output, settings: settings, restore: TerminalDevice.pasteOff + restore + "\r\n",
      errors: errors)

    raw()
    noecho()
    nonl()
    set_escdelay(25)
    curs_set(0)
    let window = cncurses_screen()
    keypad(window, true)
    nodelay(window, true)
    leaveok(window, true)
    KeyReader.definePasteKeys()
    // So that a frame goes out in one write: ncurses looks for keys between lines, and until the
    // terminal was left once and taken back, by the first frame, it flushes at each cursor movement.
    typeahead(-1)
    endwin()
    send(TerminalDevice.pasteOn)
  }

  /// Undoes everything, in reverse order. To be called once.
  /// - Returns: what was written to standard error meanwhile.
  func leave() -> String {
    fputs(TerminalDevice.pasteOff, writing)
    fflush(writing)
    endwin()
    delscreen(screen)
    tcsetattr(output, TCSANOW, &settings)
    fclose(writing)
    fclose(reading)
    sigaction(SIGTSTP, &suspend, nil)
    crashGuard.remove()
    return errors?.end() ?? ""
  }

  /// Sends a control sequence past ncurses.
  func send(_ sequence: String) {
    fputs(sequence, writing)
    fflush(writing)
  }

  /// The terminal's size; nil if it does not say.
  var size: Size? {
    var rows: UInt16 = 0
    var columns: UInt16 = 0
    guard csystem_window_size(output, &rows, &columns) == 0, rows > 0, columns > 0 else {
      return nil
    }
    return Size(columns: Int(columns), rows: Int(rows))
  }

  /// Whether nobody is at the other end any more.
  var isGone: Bool {
    var watched = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
    guard poll(&watched, 1, 0) > 0 else { return false }
    return watched.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
  }

  /// Whether the next read would say end of file.
  var isAtEnd: Bool {
    var watched = pollfd(fd: input, events: Int16(POLLIN), revents: 0)
    guard poll(&watched, 1, 0) > 0, watched.revents & Int16(POLLIN) != 0 else { return false }
    return csystem_bytes_waiting(input) == 0
  }

  private static func disposition(of signal: Int32) -> sigaction {
    var action = sigaction()
    sigaction(signal, nil, &action)
    return action
  }

  /// A string capability without its padding marks; nil if the terminal lacks it.
  private static func capability(_ name: String) -> String? {
    // ncurses answers with -1 for a capability that is no string.
    guard let value = tigetstr(name), Int(bitPattern: value) != -1 else { return nil }
    var out = ""
    var rest = Substring(String(cString: value))
    while let mark = rest.firstIndex(of: "$") {
      out += rest[..<mark]
      rest = rest[mark...]
      guard rest.hasPrefix("$<"), let end = rest.firstIndex(of: ">") else { break }
      rest = rest[rest.index(after: end)...]
    }
    return out + rest
  }
}
