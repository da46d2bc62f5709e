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
    append(value, radix: 10)
  }

  /// Appends `value` in lower-case hexadecimal. `value` must not be negative.
  func append(hexadecimal value: Int) {
    append(value, radix: 16)
  }

  private func append(_ value: Int, radix: Int) {
    precondition(value >= 0, "lengths are not negative")
    reserve(20)
    let digits = vacant
    var rest = value
    var count = 0
    repeat {
      let digit = UInt8(truncatingIfNeeded: rest % radix)
      digits[count] = digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
      rest /= radix
      count += 1
    } while rest > 0
    digits[0..<count].reverse()
    advance(by: count)
  }
}
