import Bytes

/// Writes single field lines from strings.
enum FieldText {
  /// Appends `name: value` and CRLF.
  /// - Returns: false, and nothing is appended, if the name is no token or the value holds a
  ///   control byte.
  static func append(name: String, value: String, to out: ByteBuffer) -> Bool {
    var name = name
    var value = value
    return name.withUTF8 { name in
      value.withUTF8 { value in
        let value = UnsafeRawBufferPointer(value)
        guard !name.isEmpty, name.allSatisfy({ ByteClass.isToken($0) }) else { return false }
        do throws(WireError) {
          try FieldLine.checkText(value, 0..<value.count)
        } catch {
          return false
        }
        out.reserve(name.count + value.count + 4)
        out.append(UnsafeRawBufferPointer(name))
        out.append(": ")
        out.append(value)
        out.append("\r\n")
        return true
      }
    }
  }

  /// The kind of a field called `name`.
  static func kind(of name: String) -> FieldKind {
    var name = name
    return name.withUTF8 {
      let bytes = UnsafeRawBufferPointer($0)
      return FieldKind(bytes, 0..<bytes.count)
    }
  }
}

extension ByteBuffer {
  /// Appends `value` in decimal, without an allocation. `value` must not be negative.
  func append(decimal value: Int) {
    precondition(value >= 0, "lengths are not negative")
    var digits = 1
    var rest = value / 10
    while rest > 0 {
      digits += 1
      rest /= 10
    }
    reserve(digits)
    rest = value
    for offset in (0..<digits).reversed() {
      let digit = UInt8(truncatingIfNeeded: rest % 10)
      base.storeBytes(of: 0x30 &+ digit, toByteOffset: count + offset, as: UInt8.self)
      rest /= 10
    }
    advance(by: digits)
  }

  /// Appends `value` in lower-case hexadecimal. `value` must not be negative.
  func append(hexadecimal value: Int) {
    precondition(value >= 0, "lengths are not negative")
    let digits = max(1, (Int.bitWidth - value.leadingZeroBitCount + 3) / 4)
    reserve(digits)
    for offset in 0..<digits {
      let digit = UInt8(truncatingIfNeeded: value >> ((digits - 1 - offset) * 4)) & 0xF
      let byte = digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
      base.storeBytes(of: byte, toByteOffset: count + offset, as: UInt8.self)
    }
    advance(by: digits)
  }
}
