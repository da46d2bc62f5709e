public import Turns
public import Upstream

/// What the dashboard reacts to. The counterpart is `Effect`.
public enum DashboardInput: Sendable {
  case key(Key)
  case event(TurnEvent)
  /// That many more events were dropped in front of the next one.
  case eventsLost(Int)
  case resized(Size)
  /// A bracketed paste was swallowed.
  case pasteIgnored
  /// The outcome of `Effect.save`: a path, or why there is none.
  case saved(SaveOutcome)
  /// The answer to `Effect.read`.
  case archive(ArchiveAnswer)
  /// The answer to `Effect.readLoad`; nil if it cannot be told here.
  case load(ProxyLoad?)
  /// Other prices, for turns that end from now on.
  case prices(PriceTable)

  /// Whether somebody waits for the picture that follows.
  public var isFromPerson: Bool {
    switch self {
    case .key, .resized, .pasteIgnored, .saved, .archive, .load: true
    case .event, .eventsLost, .prices: false
    }
  }
}

public enum SaveOutcome: Sendable, Equatable {
  case written(path: String)
  case failed(reason: String)
}

/// What `w` asks to be written to a file.
public enum SaveRequest: Sendable {
  /// One turn: verdict, numbers, excerpts.
  case turn(TurnRecord)
  /// A table as text, with a suggested file name.
  case table(name: String, text: String)
}

/// How the dashboard was left.
public enum LeaveReason: Sendable, Equatable {
  /// The proxy goes on, with one line for each turn.
  case lineMode
  /// Finish what runs, then end.
  case drain
  /// End at once.
  case stopNow
  /// The terminal went away.
  case terminalGone
  /// `DashboardThread.stop` was called.
  case stopped
}

/// What has to be done outside.
public enum Effect: Sendable {
  case command(ProxyCommand)
  case save(SaveRequest)
  /// Asks the ledger.
  case read(ArchiveRequest)
  /// Asks how busy the proxy is.
  case readLoad
  /// Text for the terminal's clipboard.
  case copy(String)
  case leave(LeaveReason)
  /// Draw everything anew.
  case redraw
}
