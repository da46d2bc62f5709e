/// One JSON value with the order of its members kept, because a prompt template sees that order.
/// Numbers stay as they were spelled. Made by `JSONReader`, written by `JSONText`.
enum JSONTree: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSONTree])
  case object([Member])

  struct Member: Equatable, Sendable {
    var key: String
    var value: JSONTree
  }

  /// The value of the last member called `key`, as decoders that overwrite duplicates see it.
  subscript(key: String) -> JSONTree? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key == key }?.value
  }

  var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  var elements: [JSONTree]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  var members: [Member]? {
    if case .object(let members) = self { members } else { nil }
  }

  var flag: Bool? {
    if case .bool(let flag) = self { flag } else { nil }
  }

  /// The number if it is an integer that fits, however it is spelled (`1`, `1.0`, `1e3`).
  var integer: Int? {
    guard case .number(let text) = self else { return nil }
    if let exact = Int(text) { return exact }
    guard let value = Double(text) else { return nil }
    return Int(exactly: value)
  }

  var isNull: Bool {
    if case .null = self { true } else { false }
  }
}
