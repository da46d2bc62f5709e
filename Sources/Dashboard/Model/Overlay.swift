public import Prefix

/// What lies over a screen and takes the keys.
public enum Overlay: Sendable, Equatable {
  case help(top: Int)
  case stopQuestion
  /// The lines of `PinMode.allCases`, one of them under the cursor.
  case modeMenu(index: Int)
  /// Asks before all sessions get this mode.
  case confirmAll(PinMode)
  case notices(top: Int)
  /// The marked turn beside the selected one.
  case compare(top: Int)
  /// The whole block of the break at hand.
  case block(BlockPage)
  /// Sessions of the ledger, one of them under the cursor.
  case stored(index: Int)
}

/// Where a block is being read.
public struct BlockPage: Sendable, Equatable {
  enum Side: Sendable { case before, after }
  var side: Side
  /// nil while the first difference is in view.
  var top: Int?
}

/// A line being typed at the bottom.
public struct Prompt: Sendable, Equatable {
  enum Purpose: Sendable { case search, filter }
  var purpose: Purpose
  public var text = ""
}

/// One line for the person at the terminal; the next key press takes it away.
struct Message: Sendable, Equatable {
  var text: String
  var role: Role = .normal
}

/// Column the sessions are sorted by.
enum SortColumn: UInt8, Sendable, CaseIterable {
  case arrival, agent, mode, turn, kept, sent, hit, again, activity

  var title: String {
    switch self {
    case .arrival: "arrival"
    case .agent: "agent"
    case .mode: "pin"
    case .turn: "turn"
    case .kept: "preserved"
    case .sent: "forwarded"
    case .hit: "reported"
    case .again: "reprocessed"
    case .activity: "last activity"
    }
  }
}
