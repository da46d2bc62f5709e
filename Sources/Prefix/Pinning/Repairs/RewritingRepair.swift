/// The same content in other bytes: re-serialised arguments, a string instead of one text part,
/// trailing white space trimmed. The first writing is what the server has.
enum RewritingRepair: BlockRepair {
  static let repairClass = RepairClass.rewriting
  static let causes: [Cause] = [
    .neutralRerender, .contentShape, .argumentsRewritten, .whitespaceTrimmed,
  ]

  static func action(_ change: BlockChange) -> BlockRepairAction { .keep }
}
