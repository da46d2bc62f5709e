extension StringProtocol {
  /// Whether `part` occurs, compared by UTF-8 bytes.
  public func containsText(_ part: String) -> Bool { countText(part, limit: 1) > 0 }

  /// How often `part` occurs without overlap, at most `limit`.
  public func countText(_ part: String, limit: Int = .max) -> Int {
    let needle = Array(part.utf8)
    guard let first = needle.first else { return 0 }
    let hay = Array(utf8)
    var count = 0
    var at = 0
    while at + needle.count <= hay.count, count < limit {
      if hay[at] == first, hay[at..<(at + needle.count)].elementsEqual(needle) {
        count += 1
        at += needle.count
      } else {
        at += 1
      }
    }
    return count
  }
}
