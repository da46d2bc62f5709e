public import Prefix
public import Turns

/// What the dashboard asks of the ledger. Read by somebody else's thread; the answer comes back as
/// `DashboardInput.archive`, in any order.
public enum ArchiveRequest: Sendable, Equatable {
  /// How many sessions are stored.
  case count
  /// Stored sessions, the one seen last first.
  case sessions
  case turns(TurnPage)
  /// What was spent since `dayStart` (milliseconds since 1970), and ever.
  case costs(dayStart: Int64)
}

/// A page of one session's stored turns.
public struct TurnPage: Sendable, Equatable {
  public enum Edge: Sendable, Equatable {
    /// The newest turns with a lower number.
    case before(Int)
    /// The oldest turns with a higher number.
    case after(Int)
  }

  public var session: SessionID
  /// The run that stored it; nil for the one that was last to store a session of that name.
  public var run: Int64?
  public var edge: Edge
  public var limit: Int

  public init(session: SessionID, run: Int64?, edge: Edge, limit: Int) {
    self.session = session
    self.run = run
    self.edge = edge
    self.limit = limit
  }
}

public enum ArchiveAnswer: Sendable {
  case count(Int)
  case sessions([StoredSession])
  /// Turns by ascending number; fewer than the page's limit if there are no more.
  case turns(TurnPage, [StoredTurn])
  case costs(day: CostBreakdown, all: CostBreakdown)
  /// What went wrong, as a sentence.
  case failed(ArchiveRequest, reason: String)
}

/// The list that `o` shows.
struct StoredSessions: Sendable {
  var sessions: [StoredSession] = []
  var isReading = true
  var failure: String?
}
