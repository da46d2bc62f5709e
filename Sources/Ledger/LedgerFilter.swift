public import Prefix

/// Which turns a question is about. What is nil does not restrict it.
public struct LedgerFilter: Sendable, Equatable {
  /// Milliseconds since 1970; turns that started at or after it.
  var since: Int64?
  var mode: PinMode?
  var run: Int64?
  var session: SessionID?
  var workspace: String?

  public init(
    since: Int64? = nil, mode: PinMode? = nil, run: Int64? = nil, session: SessionID? = nil,
    workspace: String? = nil
  ) {
    self.since = since
    self.mode = mode
    self.run = run
    self.session = session
    self.workspace = workspace
  }

  /// A condition on the table `turns`, with one mark for each value that `bind` binds.
  var condition: String {
    var parts: [String] = []
    if since != nil { parts.append("started_at >= ?") }
    if mode != nil { parts.append("mode = ?") }
    if run != nil { parts.append("run = ?") }
    if session != nil { parts.append("session = ?") }
    if workspace != nil {
      parts.append(
        """
        EXISTS(SELECT 1 FROM sessions WHERE sessions.run = turns.run
          AND sessions.session = turns.session AND sessions.workspace = ?)
        """)
    }
    return parts.isEmpty ? "1" : parts.joined(separator: " AND ")
  }

  func bind(to statement: Statement) {
    if let since { statement.bind(Int(since)) }
    if let mode { statement.bind(mode.name) }
    if let run { statement.bind(Int(run)) }
    if let session { statement.bind(Int(session.raw)) }
    if let workspace { statement.bind(workspace) }
  }
}
