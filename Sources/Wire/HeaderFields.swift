import Bytes

/// The fields of one head or trailer section, in order, with the spelling they arrived in. All bytes
/// lie in one array; a field is a set of positions in it.
public struct HeaderFields: Sendable {
  var storage: [UInt8]
  var lines: [FieldLine]

  public init() {
    storage = []
    lines = []
  }

  init(storage: [UInt8], lines: [FieldLine]) {
    self.storage = storage
    self.lines = lines
  }

  /// Number of field lines; a name that occurs twice counts twice.
  public var count: Int { lines.count }
  public var isEmpty: Bool { lines.isEmpty }

  /// Calls `body` with each field. The value is without the white space around it. Both pointers are
  /// valid during the call only.
  public func forEach(
    _ body: (_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) {
    storage.withUnsafeBytes { bytes in
      for line in lines {
        body(
          UnsafeRawBufferPointer(rebasing: bytes[line.name]),
          UnsafeRawBufferPointer(rebasing: bytes[line.value]))
      }
    }
  }

  /// Value of the first field called `name`, which must be given in lower case; nil if there is none.
  public func first(_ name: StaticString) -> String? {
    withFirst(name) { String(decoding: $0, as: UTF8.self) }
  }

  /// Calls `body` with the value of the first field called `name` (lower case), without copying it.
  public func withFirst<Result>(
    _ name: StaticString, _ body: (UnsafeRawBufferPointer) -> Result
  ) -> Result? {
    storage.withUnsafeBytes { bytes in
      for line in lines where equalIgnoringCase(bytes, line.name, name) {
        return body(UnsafeRawBufferPointer(rebasing: bytes[line.value]))
      }
      return nil
    }
  }

  /// Values of all fields called `name` (lower case), in order.
  public func all(_ name: StaticString) -> [String] {
    storage.withUnsafeBytes { bytes in
      lines.compactMap { line in
        equalIgnoringCase(bytes, line.name, name)
          ? String(decoding: UnsafeRawBufferPointer(rebasing: bytes[line.value]), as: UTF8.self)
          : nil
      }
    }
  }

  /// Whether there is a field called `name` (lower case).
  public func contains(_ name: StaticString) -> Bool {
    withFirst(name) { _ in true } ?? false
  }

  /// Adds a field at the end.
  /// - Returns: false, and nothing is added, if the name is no token or the value holds a control
  ///   byte: such a field could end the head early.
  @discardableResult
  public mutating func append(name: String, value: String) -> Bool {
    let buffer = ByteBuffer(capacity: name.utf8.count + value.utf8.count + 4)
    guard FieldText.append(name: name, value: value, to: buffer) else { return false }
    return withExtendedLifetime(buffer) { appendLine(buffer.bytes) }
  }

  /// Adds a copy of the field line in `bytes`, which ends in CRLF.
  mutating func appendLine(_ bytes: UnsafeRawBufferPointer) -> Bool {
    let start = storage.count
    guard start + bytes.count <= Int(UInt32.max), bytes.count > 2 else { return false }
    guard let line = try? FieldLine(bytes, 0..<bytes.count - 2) else { return false }
    storage.append(contentsOf: bytes)
    lines.append(
      FieldLine(
        name: line.name.lowerBound + start..<line.name.upperBound + start,
        value: line.value.lowerBound + start..<line.value.upperBound + start,
        end: start + bytes.count, kind: line.kind))
    return true
  }
}
