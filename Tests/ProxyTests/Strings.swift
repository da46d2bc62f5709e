extension String {
  func components(separatedBy separator: String) -> [String] {
    var result: [String] = []
    var current = ""
    var rest = self[...]
    while !rest.isEmpty {
      if rest.unicodeScalars.starts(with: separator.unicodeScalars) {
        result.append(current)
        current = ""
        rest = Substring(rest.unicodeScalars.dropFirst(separator.unicodeScalars.count))
      } else if let next = rest.unicodeScalars.first {
        current.unicodeScalars.append(next)
        rest = Substring(rest.unicodeScalars.dropFirst())
      }
    }
    return result + [current]
  }

  /// How often `part` occurs.
  func occurrences(of part: String) -> Int { components(separatedBy: part).count - 1 }
}
