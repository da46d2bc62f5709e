/// Reasoning of an earlier turn that the agent does not send any more. The rest of the message is
/// equal in meaning, so nothing is told. Signed thinking has a cause of its own, and no repair.
enum ReasoningRepair: BlockRepair {
  static let repairClass = RepairClass.reasoning
  static let causes: [Cause] = [.reasoningDropped]

  static func action(_ change: BlockChange) -> BlockRepairAction { .keep }
}
