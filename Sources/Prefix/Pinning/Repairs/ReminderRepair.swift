/// `<system-reminder>` sections that were in the last user message and are left out when it is sent
/// again. A reminder that is not among the old ones is told, and so is one that only lost lines: the
/// agent took them back, while one that is missing as a whole was left out to save room.
enum ReminderRepair: BlockRepair {
  static let repairClass = RepairClass.reminder
  static let causes: [Cause] = [.reminder]

  static func action(_ change: BlockChange) -> BlockRepairAction {
    let isAsItWas =
      change.newLines.isEmpty
      && ReminderDetector.reminders(change.now).isSubset(of: ReminderDetector.reminders(change.was))
    return isAsItWas ? .keep : .keepAndTell
  }
}
