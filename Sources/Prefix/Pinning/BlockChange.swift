import Bytes
import Prompt

/// One system block or message that is not what it was, as a repair sees it.
struct BlockChange {
  /// What the agent sent before and sends now; nil if that cannot be read any more.
  let before: JSONValue?
  let after: JSONValue?
  /// All text of both, without the billing line if both begin with one.
  let was: String
  let now: String

  init(_ verdict: Verdict, _ place: BreakPlace, _ block: Block) {
    self.init(place.before, place.after)
  }

  init(_ before: JSONValue?, _ after: JSONValue?) {
    self.before = before
    self.after = after
    let was = before.map(Text.all) ?? ""
    let now = after.map(Text.all) ?? ""
    if let oldRest = BillingLine.rest(was), let newRest = BillingLine.rest(now) {
      (self.was, self.now) = (String(oldRest), String(newRest))
    } else {
      (self.was, self.now) = (was, now)
    }
  }

  /// Lines of the new text that the old one does not have.
  var newLines: [Substring] {
    let known = Set(was.split(separator: "\n"))
    return now.split(separator: "\n").filter { !known.contains($0) }
  }
}

/// What a repair makes of a changed block. The server's bytes stay in either case.
enum BlockRepairAction: Equatable {
  /// The new block says nothing that has to reach the server.
  case keep
  /// What changed is told in a note at the tail.
  case keepAndTell
  /// The repair does not fit: the change is accepted, for this reason.
  case accept(String)
}

/// A repair of one kind of change of a system block or message. See Resources/ADDING-A-REPAIR.md.
protocol BlockRepair: SendableMetatype {
  /// The switch it belongs to.
  static var repairClass: RepairClass { get }
  /// The causes it repairs; no other repair has them.
  static var causes: [Cause] { get }
  /// Whether a note has to name lines that are gone. Not where they are still true and were left out
  /// to save room.
  static var tellsGone: Bool { get }
  static func action(_ change: BlockChange) -> BlockRepairAction
}

extension BlockRepair {
  static var tellsGone: Bool { true }
}

enum BlockRepairs {
  static let all: [any BlockRepair.Type] = [
    RewritingRepair.self, IDRepair.self, BillingRepair.self, ClockRepair.self,
    EnvironmentRepair.self, MemoryRepair.self, ReminderRepair.self, ReasoningRepair.self,
    ClearedResultRepair.self, EditRepair.self,
  ]

  /// The repair of a cause; nil if there is none, and a change of that kind is always accepted.
  static func of(_ cause: Cause) -> (any BlockRepair.Type)? {
    all.first { $0.causes.contains(cause) }
  }
}
