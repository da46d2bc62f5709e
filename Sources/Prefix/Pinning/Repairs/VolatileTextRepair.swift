/// Date and time in a system prompt or an earlier message.
enum ClockRepair: BlockRepair {
  static let repairClass = RepairClass.clock
  static let causes: [Cause] = [.clock]

  static func action(_ change: BlockChange) -> BlockRepairAction { .keepAndTell }
}

/// A report on the workspace: git state, directory, lists of files.
enum EnvironmentRepair: BlockRepair {
  static let repairClass = RepairClass.environment
  static let causes: [Cause] = [.environment]

  static func action(_ change: BlockChange) -> BlockRepairAction { .keepAndTell }
}

/// Text that the agent injects: memories, retrieved passages, rules.
enum MemoryRepair: BlockRepair {
  static let repairClass = RepairClass.memory
  static let causes: [Cause] = [.memory]

  static func action(_ change: BlockChange) -> BlockRepairAction { .keepAndTell }
}
