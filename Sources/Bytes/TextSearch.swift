internal import CSystem

extension StringProtocol {
  /// Whether `part` occurs, compared by UTF-8 bytes.
  public func containsText(_ part: String) -> Bool { countText(part, limit: 1) > 0 }

  /// How often `part` occurs without overlap, at most `limit`.
  public func countText(_ part: String, limit: Int = .max) -> Int {
    var part = part
    return part.withUTF8 { needle in
      utf8.withContiguousStorageIfAvailable { occurrences(of: needle, in: $0, limit) }
        ?? Array(utf8).withUnsafeBufferPointer { occurrences(of: needle, in: $0, limit) }
    }
  }
}

private func occurrences(
  of needle: UnsafeBufferPointer<UInt8>, in hay: UnsafeBufferPointer<UInt8>, _ limit: Int
) -> Int {
  guard let pattern = needle.baseAddress, let start = hay.baseAddress, needle.count > 0 else {
    return 0
  }
  var count = 0
  var at = 0
  while count < limit, at < hay.count,
    let found = csystem_memmem(start + at, hay.count - at, pattern, needle.count)
  {
    count += 1
    at = (found - UnsafeRawPointer(start)) + needle.count
  }
  return count
}
