/// The line that Claude Code puts in front of its system prompt, with a checksum that changes. It
/// says nothing to a model.
enum BillingRepair: BlockRepair {
  static let repairClass = RepairClass.billing
  static let causes: [Cause] = [.billingNonce]

  static func action(_ change: BlockChange) -> BlockRepairAction { .keep }
}
