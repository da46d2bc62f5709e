import Bytes

/// A tool's definition with its keys or its lists of names in another order.
enum ToolSchemaRepair {
  static let repairClass = RepairClass.toolSchema

  static func isSameMeaning(_ was: UnsafeRawBufferPointer, _ now: UnsafeRawBufferPointer) -> Bool {
    guard let left = JSONValue(was), let right = JSONValue(now) else { return false }
    return CanonicalForm.meaning.digest(left) == CanonicalForm.meaning.digest(right)
      || ToolCause.isSameWithoutOrder(left, right)
  }
}
