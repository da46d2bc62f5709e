/// An earlier message with another content, for no known reason, while those behind it are as they
/// were: the old one stays and the change is told.
enum EditRepair: BlockRepair {
  static let repairClass = RepairClass.edit
  static let causes: [Cause] = [.inPlaceEdit, .toolRenamed]

  static func action(_ change: BlockChange) -> BlockRepairAction {
    guard change.before != nil, change.after != nil else { return .accept("history not kept") }
    // A role, a type or the like: the texts are the same, so that a note would say nothing.
    guard change.was != change.now else { return .accept("the change cannot be told") }
    return .keepAndTell
  }
}
