/// Why there is no dashboard. Everything else goes on without it.
public enum TerminalError: Error, Equatable, Sendable, CustomStringConvertible {
  case notATerminal
  /// `/dev/tty` could not be opened; the error number.
  case openFailed(Int32)
  /// TERM is unset or unknown.
  case unknownTerminal
  /// The terminal cannot place its cursor (`TERM=dumb`).
  case noCursorAddressing
  /// The loop or a handle of the dashboard's thread could not be made.
  case loopFailed(String)
  case threadFailed(Int32)

  public var description: String {
    switch self {
    case .notATerminal: "standard output is not a terminal"
    case .openFailed(let code): "/dev/tty cannot be opened (error \(code))"
    case .unknownTerminal: "the terminal type (TERM) is unknown"
    case .noCursorAddressing: "the terminal cannot place its cursor"
    case .loopFailed(let reason): "event loop: \(reason)"
    case .threadFailed(let code): "no thread for the dashboard (error \(code))"
    }
  }
}
