import Turns

/// What a piece of the screen means. The terminal decides what each role looks like; no meaning is
/// carried by a role alone, there is always a word, a sign or a place as well.
public enum Role: UInt8, Sendable, CaseIterable {
  case normal, title, key, selected, marked, good, warn, bad, new, dropped, held, unknown
  case before, after, frozen, trend, frame, match

  /// One letter for the role form of a frame.
  var letter: Character {
    switch self {
    case .normal: "."
    case .title: "T"
    case .key: "K"
    case .selected: "S"
    case .marked: "M"
    case .good: "g"
    case .warn: "w"
    case .bad: "b"
    case .new: "n"
    case .dropped: "d"
    case .held: "h"
    case .unknown: "u"
    case .before: "-"
    case .after: "+"
    case .frozen: "F"
    case .trend: "t"
    case .frame: "f"
    case .match: "m"
    }
  }

  /// Role of a share: from 80 % good, from 40 % a warning, below that bad.
  static func forShare(_ share: Double?) -> Role {
    guard let share else { return .unknown }
    return switch HitLevel(share: share) {
    case .high: .good
    case .middling: .warn
    case .low: .bad
    }
  }
}
