import CNcurses
import Dashboard
import Glibc

/// What comes in from the terminal, as keys. Text between paste brackets is swallowed: a paste must
/// never run commands.
struct KeyReader {
  enum Input: Equatable {
    case key(Key)
    case paste
  }

  // Codes above all of ncurses' own.
  private static let pasteBegin: Int32 = 0o2000
  private static let pasteEnd: Int32 = 0o2001
  /// A paste whose end never came is over after this silence.
  private static let pasteSilenceMillis: UInt64 = 1_000

  private var isPasting = false
  private var lastPastedAt: UInt64 = 0

  static func definePasteKeys() {
    define_key("\u{1b}[200~", pasteBegin)
    define_key("\u{1b}[201~", pasteEnd)
  }

  /// Everything that can be read without waiting, at most 1,000 keys.
  /// - Parameter now: monotonic milliseconds.
  mutating func read(now: UInt64) -> [Input] {
    if isPasting, now &- lastPastedAt > KeyReader.pasteSilenceMillis { isPasting = false }
    var inputs: [Input] = []
    for _ in 0..<1_000 {
      var code: wint_t = 0
      let kind = wget_wch(cncurses_screen(), &code)
      if kind == ERR { break }
      if kind == KEY_CODE_YES {
        switch Int32(bitPattern: code) {
        case KeyReader.pasteBegin:
          isPasting = true
          lastPastedAt = now
          inputs.append(.paste)
        case KeyReader.pasteEnd: isPasting = false
        default:
          if !isPasting, let key = KeyReader.functionKey(Int32(bitPattern: code)) {
            inputs.append(.key(key))
          }
        }
      } else if isPasting {
        lastPastedAt = now
      } else if let key = KeyReader.plainKey(UInt32(code)) {
        inputs.append(.key(key))
      }
    }
    return inputs
  }

  private static func functionKey(_ code: Int32) -> Key? {
    switch code {
    case KEY_UP: return .up
    case KEY_DOWN: return .down
    case KEY_LEFT: return .left
    case KEY_RIGHT: return .right
    case KEY_PPAGE: return .pageUp
    case KEY_NPAGE: return .pageDown
    case KEY_HOME: return .home
    case KEY_END: return .end
    case KEY_ENTER: return .enter
    case KEY_BTAB: return .backTab
    case KEY_BACKSPACE: return .backspace
    case KEY_DC: return .delete
    default:
      for number in 1...12 where code == cncurses_key_function(Int32(number)) {
        return .function(number)
      }
      return nil
    }
  }

  private static func plainKey(_ code: UInt32) -> Key? {
    switch code {
    case 0x09: return .tab
    case 0x0A, 0x0D: return .enter
    case 0x1B: return .escape
    case 0x08, 0x7F: return .backspace
    case 0x01...0x1A:
      guard let letter = Unicode.Scalar(code + 0x60) else { return nil }
      return .control(Character(letter))
    case 0x20...:
      guard let scalar = Unicode.Scalar(code) else { return nil }
      return .character(Character(scalar))
    default: return nil
    }
  }
}
