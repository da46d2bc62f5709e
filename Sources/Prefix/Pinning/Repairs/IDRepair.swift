/// Ids that pair calls and results were made anew, and nothing else changed: both sides keep their
/// first names. That pairs are still complete is checked for the request as a whole (`Pairing`).
enum IDRepair: BlockRepair {
  static let repairClass = RepairClass.ids
  static let causes: [Cause] = [.idsRegenerated]

  static func action(_ change: BlockChange) -> BlockRepairAction { .keep }
}
