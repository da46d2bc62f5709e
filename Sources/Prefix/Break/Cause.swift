/// Why a prompt stopped being an extension of what the server already has.
///
/// The cases follow their kind: what costs nothing, redaction, narrow known shapes, what is known only
/// by its extent, what the server did. `CauseFinder` says in which order they are tested.
public enum Cause: UInt8, Sendable, CaseIterable {
  /// No break.
  case none

  // The same meaning in other bytes.
  case neutralRerender
  case toolOrder
  case schemaOrder
  case contentShape
  case argumentsRewritten
  case idsRegenerated
  case whitespaceTrimmed

  // Must never be undone.
  case redaction

  // Narrow known shapes.
  case billingNonce
  case clock
  case environment
  case memory
  case toolDescription
  case toolAdded
  case toolRemoved
  case toolRenamed
  case knob
  case modelSwitch
  case reminder
  case reasoningDropped
  case signedThinking
  case toolResultCleared
  case image

  // Known by extent only.
  case inPlaceEdit
  case tailRewrite
  case compaction
  case compactionCall
  case branch
  case historyEvicted

  // The server's doing: predicted high, reported low.
  case slotTaken
  case lifetimeLapsed
  case serverRestarted
  case otherReplica
  case belowMinimum
  case checkpointRollback
  case templateRerendered
  case serverUnknown
}

/// Who could have avoided it.
public enum CauseSide: UInt8, Sendable {
  case nobody, agent, user, server
}

extension Cause {
  /// A few words for a table cell.
  public var title: String {
    switch self {
    case .none: "-"
    case .neutralRerender: "re-rendered, no effect"
    case .toolOrder: "tools reordered"
    case .schemaOrder: "tool schema re-rendered"
    case .contentShape: "content re-rendered"
    case .argumentsRewritten: "arguments re-rendered"
    case .idsRegenerated: "ids regenerated"
    case .whitespaceTrimmed: "white space trimmed"
    case .redaction: "redacted"
    case .billingNonce: "billing line changed"
    case .clock: "timestamp changed"
    case .environment: "environment changed"
    case .memory: "injected text changed"
    case .toolDescription: "tool description changed"
    case .toolAdded: "tool added"
    case .toolRemoved: "tool removed"
    case .toolRenamed: "tool renamed in history"
    case .knob: "setting changed"
    case .modelSwitch: "model switched"
    case .reminder: "reminder moved or dropped"
    case .reasoningDropped: "reasoning dropped"
    case .signedThinking: "thinking block changed"
    case .toolResultCleared: "tool result cleared"
    case .image: "image changed"
    case .inPlaceEdit: "message edited in place"
    case .tailRewrite: "last messages rewritten"
    case .compaction: "compacted"
    case .compactionCall: "compaction call"
    case .branch: "rewound or forked"
    case .historyEvicted: "history not kept"
    case .slotTaken: "slot taken by other session"
    case .lifetimeLapsed: "cache lifetime lapsed"
    case .serverRestarted: "server restarted"
    case .otherReplica: "other replica answered"
    case .belowMinimum: "below cacheable minimum"
    case .checkpointRollback: "rolled back to checkpoint"
    case .templateRerendered: "server re-rendered history"
    case .serverUnknown: "server reused less"
    }
  }

  public var side: CauseSide {
    switch self {
    case .none, .neutralRerender, .historyEvicted: .nobody
    case .branch, .modelSwitch, .redaction: .user
    case .slotTaken, .lifetimeLapsed, .serverRestarted, .otherReplica, .belowMinimum,
      .checkpointRollback, .templateRerendered, .serverUnknown:
      .server
    default: .agent
    }
  }

  /// Whether the agent's own history changed in front of its end.
  public var isMutation: Bool {
    switch self {
    case .none, .neutralRerender, .branch, .modelSwitch, .historyEvicted: false
    default: side != .server
    }
  }
}
