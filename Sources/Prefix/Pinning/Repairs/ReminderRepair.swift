/// `<system-reminder>` sections that were in the last user message and are left out when it is sent
/// again. A reminder that is not among the old ones is told.
enum ReminderRepair: BlockRepair {
  static let repairClass = RepairClass.reminder
  static let causes: [Cause] = [.reminder]

  static func action(_ change: BlockChange) -> BlockRepairAction {
    change.newLines.isEmpty ? .keep : .keepAndTell
  }
}
