/// The line that Claude Code puts in front of its system prompt, with a checksum that changes. It
/// says nothing to a model; text behind it does.
enum BillingRepair: BlockRepair {
  static let repairClass = RepairClass.billing
  static let causes: [Cause] = [.billingNonce]

  static func action(_ change: BlockChange) -> BlockRepairAction {
    guard let before = change.before, let after = change.after,
      BillingLine.isAllThatDiffers(before, after)
    else { return .accept("more than the billing line changed") }
    return .keep
  }
}
