import Bytes

/// Writes fields as members of a JSON object. A field without a value is left out.
struct FieldWriter: FieldCoder {
  private(set) var json = JSONObjectWriter()

  mutating func field(_ name: String, _ value: inout Bool) { json.add(name, value) }

  mutating func field(_ name: String, _ value: inout Int) { json.add(name, value) }

  mutating func field(_ name: String, _ value: inout Int?) {
    if let value { json.add(name, value) }
  }

  mutating func field(_ name: String, _ value: inout Int64) { json.add(name, Int(value)) }

  mutating func field(_ name: String, _ value: inout Double?) {
    if let value, value.isFinite { json.add(name, value) }
  }

  mutating func field(_ name: String, _ value: inout String) { json.add(name, value) }

  mutating func field(_ name: String, _ value: inout String?) {
    if let value { json.add(name, value) }
  }

  mutating func field(_ name: String, _ value: inout [Int]) {
    var text: [UInt8] = [UInt8(ascii: "[")]
    for (place, number) in value.enumerated() {
      if place > 0 { text.append(UInt8(ascii: ",")) }
      text.append(contentsOf: String(number).utf8)
    }
    json.add(name, json: text + [UInt8(ascii: "]")])
  }

  /// Each byte as the character of that number, U+0000 to U+00FF: ASCII stays readable.
  mutating func field(_ name: String, bytes value: inout [UInt8]) {
    var text = String.UnicodeScalarView()
    for byte in value { text.append(Unicode.Scalar(byte)) }
    json.add(name, String(text))
  }

  mutating func field<Word: WordCoded>(_ name: String, _ value: inout Word) {
    json.add(name, value.code)
  }

  mutating func field<Word: WordCoded>(_ name: String, _ value: inout Word?) {
    if let value { json.add(name, value.code) }
  }

  mutating func object<Value>(
    _ name: String, _ value: inout Value, _ fields: (inout Value, inout FieldWriter) -> Void
  ) {
    var inner = FieldWriter()
    fields(&value, &inner)
    json.add(name, json: inner.json.finish())
  }

  mutating func object<Value>(
    _ name: String, _ value: inout Value?, empty: Value,
    _ fields: (inout Value, inout FieldWriter) -> Void
  ) {
    guard var present = value else { return }
    object(name, &present, fields)
  }

  mutating func list<Value>(
    _ name: String, _ values: inout [Value], empty: Value,
    _ fields: (inout Value, inout FieldWriter) -> Void
  ) {
    json.add(
      name,
      objects: values.map { value in
        var value = value
        var inner = FieldWriter()
        fields(&value, &inner)
        return inner.json.finish()
      })
  }

  mutating func refuse() {}
}
