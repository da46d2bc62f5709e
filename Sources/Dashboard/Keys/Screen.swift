/// The four screens.
public enum Screen: UInt8, Sendable, CaseIterable {
  case sessions = 1
  case session, breakPoint, costs

  var title: String {
    switch self {
    case .sessions: "Sessions"
    case .session: "Session"
    case .breakPoint: "Break"
    case .costs: "Costs"
    }
  }

  /// For narrow title bars.
  var shortTitle: String {
    switch self {
    case .sessions: "Sess"
    case .session: "Turns"
    case .breakPoint: "Break"
    case .costs: "Cost"
    }
  }
}
