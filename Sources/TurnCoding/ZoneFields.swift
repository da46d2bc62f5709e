import Prefix

extension PromptZones {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.object("prefix", &prefix) { $0.code(&$1) }
    coder.object("log", &log) { $0.code(&$1) }
    coder.object("tail", &tail) { $0.code(&$1) }
    var changed = Int(changes.rawValue)
    coder.field("changed", &changed)
    changes = Changes(rawValue: UInt8(truncatingIfNeeded: changed))
  }
}

extension PromptZones.Zone {
  mutating func code<Coder: FieldCoder>(_ coder: inout Coder) {
    coder.field("bytes", &bytes)
    coder.field("tokens", &tokens)
    var number = Int(hash)
    coder.field("hash", &number)
    hash = UInt32(truncatingIfNeeded: number)
  }
}
