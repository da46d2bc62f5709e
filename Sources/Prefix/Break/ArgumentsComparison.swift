import Bytes

/// Compares the arguments of two tool calls as JSON: every member counts, and so does their order,
/// because templates print them in order.
enum ArgumentsComparison {
  static func compare(_ generated: String, _ sent: String) -> Echo.Fidelity {
    if isSameText(generated, sent) { return .identical }
    // A call without arguments is written as an empty string by some and as {} by others.
    guard let a = value(generated), let b = value(sent) else {
      return sent.isEmpty ? .missing : .changed
    }
    if isSame(a, b, ordered: true) { return .alike }
    return isSame(a, b, ordered: false) ? .reordered : .changed
  }

  private static func value(_ text: String) -> JSONValue? {
    text.utf8.allSatisfy({ $0 == 0x20 || $0 == 0x0A }) ? .object([]) : JSONValue(text)
  }

  private static func isSame(_ a: JSONValue, _ b: JSONValue, ordered: Bool) -> Bool {
    switch (a, b) {
    case (.string(let x), .string(let y)): return isSameText(x, y)
    case (.number(let x), .number(let y)): return x == y || isSameNumber(x, y)
    case (.array(let x), .array(let y)):
      return x.count == y.count && zip(x, y).allSatisfy { isSame($0, $1, ordered: ordered) }
    case (.object(let x), .object(let y)):
      guard x.count == y.count else { return false }
      let left = ordered ? x : x.sorted { $0.key < $1.key }
      let right = ordered ? y : y.sorted { $0.key < $1.key }
      return zip(left, right).allSatisfy {
        isSameText($0.key, $1.key) && isSame($0.value, $1.value, ordered: ordered)
      }
    default: return a == b
    }
  }

  /// `1`, `1.0` and `1e0`. Integers beyond the exact range of a double are the same only as text.
  private static func isSameNumber(_ x: String, _ y: String) -> Bool {
    guard let left = Double(x), let right = Double(y), abs(left) < 9e15 else { return false }
    return left == right
  }
}
