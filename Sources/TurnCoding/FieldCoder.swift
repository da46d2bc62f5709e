/// Walks over the fields of a value: `FieldWriter` writes them, `FieldReader` sets them. Each type
/// lists its fields once, for both directions.
protocol FieldCoder {
  mutating func field(_ name: String, _ value: inout Bool)
  mutating func field(_ name: String, _ value: inout Int)
  mutating func field(_ name: String, _ value: inout Int?)
  mutating func field(_ name: String, _ value: inout Int64)
  mutating func field(_ name: String, _ value: inout Double?)
  mutating func field(_ name: String, _ value: inout String)
  mutating func field(_ name: String, _ value: inout String?)
  mutating func field(_ name: String, _ value: inout [Int])
  /// Bytes that need not be text.
  mutating func field(_ name: String, bytes value: inout [UInt8])
  mutating func field<Word: WordCoded>(_ name: String, _ value: inout Word)
  mutating func field<Word: WordCoded>(_ name: String, _ value: inout Word?)
  mutating func object<Value>(
    _ name: String, _ value: inout Value, _ fields: (inout Value, inout Self) -> Void)
  /// - Parameter empty: what the fields of a value that is there are read into.
  mutating func object<Value>(
    _ name: String, _ value: inout Value?, empty: Value,
    _ fields: (inout Value, inout Self) -> Void)
  mutating func list<Value>(
    _ name: String, _ values: inout [Value], empty: Value,
    _ fields: (inout Value, inout Self) -> Void)
  /// What was read makes no sense; the whole message is given up.
  mutating func refuse()
}

/// A value that stands in the text as one word.
protocol WordCoded: Sendable {
  var code: String { get }
  init?(code: String)
}

extension WordCoded where Self: CaseIterable & Hashable {
  var code: String { "\(self)" }

  init?(code: String) {
    guard let match = Self.allCases.first(where: { "\($0)" == code }) else { return nil }
    self = match
  }
}
