import Prefix
import Turns

/// The one word that says how a turn went.
enum TurnMark: Sendable, Equatable {
  case none
  /// The agent's history changed and the server lost its prefix.
  case broke
  /// It changed, and pinning kept that from the server.
  case held
  /// The change was accepted as the new history.
  case rebased
  /// The prompt was fine; the server reused less than predicted.
  case server
  /// The agent went back or forked: nothing is wrong.
  case branch
  case failed

  init(_ record: TurnRecord) {
    if record.state == .failed {
      self = .failed
    } else if record.verdict.cause.isMutation {
      switch record.pin {
      case .held: self = .held
      case .rebased: self = .rebased
      case .untouched, .refused: self = .broke
      }
    } else if record.serverCause != nil {
      self = .server
    } else if record.verdict.cause == .branch {
      self = .branch
    } else {
      self = .none
    }
  }

  var word: String {
    switch self {
    case .none: ""
    case .broke: "BREAK"
    case .held: "HELD"
    case .rebased: "REBASE"
    case .server: "SERVER"
    case .branch: "branch"
    case .failed: "FAILED"
    }
  }

  var role: Role {
    switch self {
    case .none: .normal
    case .broke, .failed: .bad
    case .held: .held
    case .rebased, .server: .warn
    case .branch: .unknown
    }
  }

  /// Whether `e` stops here.
  var isBreak: Bool { self == .broke || self == .held || self == .rebased || self == .server }
}
