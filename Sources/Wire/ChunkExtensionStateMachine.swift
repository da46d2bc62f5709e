/// The grammar of chunk extensions, one byte at a time (RFC 9112 section 7.1.1):
/// `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`. What they say is ignored.
struct ChunkExtensionStateMachine: Equatable {
  private enum State {
    case beforeSemicolon
    case beforeName
    case name
    case afterName
    case beforeValue
    case value
    case quoted
    case escaped
    case afterValue
  }

  private var state = State.beforeSemicolon

  /// Whether the line may end here.
  var canEnd: Bool {
    switch state {
    case .name, .value, .afterValue: true
    case .beforeSemicolon, .beforeName, .afterName, .beforeValue, .quoted, .escaped: false
    }
  }

  /// - Returns: whether `byte` may stand here.
  mutating func accept(_ byte: UInt8) -> Bool {
    let isSpace = ByteClass.isWhitespace(byte)
    let isSemicolon = byte == UInt8(ascii: ";")
    let isEqual = byte == UInt8(ascii: "=")
    switch state {
    case .beforeSemicolon:
      if isSpace { return true }
      return isSemicolon && enter(.beforeName)
    case .beforeName:
      if isSpace { return true }
      return ByteClass.isToken(byte) && enter(.name)
    case .name:
      if ByteClass.isToken(byte) { return true }
      if isSpace { return enter(.afterName) }
      if isEqual { return enter(.beforeValue) }
      return isSemicolon && enter(.beforeName)
    case .afterName:
      if isSpace { return true }
      if isEqual { return enter(.beforeValue) }
      return isSemicolon && enter(.beforeName)
    case .beforeValue:
      if isSpace { return true }
      if byte == UInt8(ascii: "\"") { return enter(.quoted) }
      return ByteClass.isToken(byte) && enter(.value)
    case .value:
      if ByteClass.isToken(byte) { return true }
      if isSpace { return enter(.beforeSemicolon) }
      return isSemicolon && enter(.beforeName)
    case .quoted:
      if byte == UInt8(ascii: "\"") { return enter(.afterValue) }
      if byte == UInt8(ascii: "\\") { return enter(.escaped) }
      return isText(byte)
    case .escaped:
      return isText(byte) && enter(.quoted)
    case .afterValue:
      if isSpace { return enter(.beforeSemicolon) }
      return isSemicolon && enter(.beforeName)
    }
  }

  private func isText(_ byte: UInt8) -> Bool {
    byte >= 0x20 && byte != 0x7F || byte == ByteClass.tab
  }

  private mutating func enter(_ next: State) -> Bool {
    state = next
    return true
  }
}
