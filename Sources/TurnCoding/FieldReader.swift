import Bytes

/// Reads fields from the members of a JSON object. A member that is missing leaves the value as it
/// is, an unknown one is passed over, one of the wrong kind refuses the whole message.
struct FieldReader: FieldCoder {
  private let members: [String: JSONValue]
  private(set) var isRefused = false

  init?(_ value: JSONValue) {
    guard let list = value.members else { return nil }
    members = Dictionary(list.map { ($0.key, $0.value) }, uniquingKeysWith: { first, _ in first })
  }

  func has(_ name: String) -> Bool { members[name] != nil }

  mutating func refuse() { isRefused = true }

  /// The member, unless it is missing or null.
  private func value(_ name: String) -> JSONValue? {
    let value = members[name]
    return value == .null ? nil : value
  }

  private mutating func read<Value>(
    _ name: String, _ target: inout Value, _ convert: (JSONValue) -> Value?
  ) {
    guard let value = value(name) else { return }
    if let converted = convert(value) { target = converted } else { refuse() }
  }

  mutating func field(_ name: String, _ value: inout Bool) {
    read(name, &value) { if case .bool(let flag) = $0 { flag } else { nil } }
  }

  mutating func field(_ name: String, _ value: inout Int) {
    read(name, &value) { Self.integer($0) }
  }

  mutating func field(_ name: String, _ value: inout Int?) {
    read(name, &value) { Self.integer($0).map { .some($0) } }
  }

  mutating func field(_ name: String, _ value: inout Int64) {
    read(name, &value) { Self.integer($0).map { Int64($0) } }
  }

  /// Numbers that JSON readers agree on (RFC 8259 section 6); sums of some of them cannot overflow.
  private static func integer(_ value: JSONValue) -> Int? {
    value.integer.flatMap { $0.magnitude < 1 << 53 ? $0 : nil }
  }

  mutating func field(_ name: String, _ value: inout Double?) {
    read(name, &value) { $0.double.flatMap { $0.isFinite ? .some($0) : nil } }
  }

  mutating func field(_ name: String, _ value: inout String) { read(name, &value) { $0.string } }

  mutating func field(_ name: String, _ value: inout String?) {
    read(name, &value) { $0.string.map { .some($0) } }
  }

  mutating func field(_ name: String, _ value: inout [Int]) {
    read(name, &value) { list in
      guard let elements = list.array else { return nil }
      let numbers = elements.compactMap { Self.integer($0) }
      return numbers.count == elements.count ? numbers : nil
    }
  }

  mutating func field(_ name: String, bytes value: inout [UInt8]) {
    read(name, &value) { text in
      guard let scalars = text.string?.unicodeScalars else { return nil }
      let bytes = scalars.compactMap { UInt8(exactly: $0.value) }
      return bytes.count == scalars.count ? bytes : nil
    }
  }

  mutating func field<Word: WordCoded>(_ name: String, _ value: inout Word) {
    read(name, &value) { $0.string.flatMap { Word(code: $0) } }
  }

  mutating func field<Word: WordCoded>(_ name: String, _ value: inout Word?) {
    read(name, &value) { text in text.string.flatMap { Word(code: $0) }.map { .some($0) } }
  }

  mutating func object<Value>(
    _ name: String, _ value: inout Value, _ fields: (inout Value, inout FieldReader) -> Void
  ) {
    guard let member = self.value(name) else { return }
    guard var inner = FieldReader(member) else { return refuse() }
    fields(&value, &inner)
    if inner.isRefused { refuse() }
  }

  mutating func object<Value>(
    _ name: String, _ value: inout Value?, empty: Value,
    _ fields: (inout Value, inout FieldReader) -> Void
  ) {
    guard self.value(name) != nil else { return }
    var present = empty
    object(name, &present, fields)
    value = present
  }

  mutating func list<Value>(
    _ name: String, _ values: inout [Value], empty: Value,
    _ fields: (inout Value, inout FieldReader) -> Void
  ) {
    guard let member = value(name) else { return }
    guard let elements = member.array else { return refuse() }
    values = elements.map { element in
      var value = empty
      guard var inner = FieldReader(element) else {
        refuse()
        return value
      }
      fields(&value, &inner)
      if inner.isRefused { refuse() }
      return value
    }
  }
}
