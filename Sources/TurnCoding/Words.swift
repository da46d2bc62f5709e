import Bytes
import Prefix
import Prompt
import Turns
import Upstream

extension Dialect: WordCoded {}
extension BlockKind: WordCoded {}
extension BlockGroup: WordCoded {}
extension BlockState: WordCoded {}
extension Cause: WordCoded {}
extension ServerKind: WordCoded {}

extension PinMode: WordCoded {
  var code: String { name }
  init?(code: String) { self.init(name: code) }
}

/// Names of classes, separated by commas.
extension RepairSet: WordCoded {
  var code: String { names }
  init?(code: String) { self.init(names: code) }
}

extension RepairTier: WordCoded {
  private static let tiers: [RepairTier] = [.lossless, .moved, .restored, .never]

  var code: String { "\(self)" }

  init?(code: String) {
    guard let tier = Self.tiers.first(where: { $0.code == code }) else { return nil }
    self = tier
  }
}

extension NoticeLevel: WordCoded {
  var code: String { self == .warning ? "warning" : "info" }

  init?(code: String) {
    switch code {
    case "warning": self = .warning
    case "info": self = .info
    default: return nil
    }
  }
}

extension Echo.Outcome: WordCoded {
  private static let outcomes: [Echo.Outcome] = [
    .same, .sameMeaning, .reasoningMissing, .changed, .absent,
  ]

  var code: String { "\(self)" }

  init?(code: String) {
    guard let outcome = Self.outcomes.first(where: { $0.code == code }) else { return nil }
    self = outcome
  }
}

extension TurnState: WordCoded {
  private static let states: [TurnState] = [.waiting, .streaming, .done, .failed, .aborted]

  var code: String { "\(self)" }

  init?(code: String) {
    guard let state = Self.states.first(where: { $0.code == code }) else { return nil }
    self = state
  }
}

extension SessionID: WordCoded {
  var code: String { description }

  init?(code: String) {
    guard code.utf8.count == 8, let raw = UInt32(code, radix: 16) else { return nil }
    self.init(raw: raw)
  }
}
