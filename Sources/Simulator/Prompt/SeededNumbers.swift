/// A repeatable stream of numbers (SplitMix64): the same seed gives the same stream everywhere.
struct SeededNumbers: RandomNumberGenerator, Sendable {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }

  /// A number in `0..<bound`; 0 when the bound is not positive.
  mutating func below(_ bound: Int) -> Int {
    bound > 0 ? Int(next() % UInt64(bound)) : 0
  }

  mutating func pick<T>(_ choices: [T]) -> T? {
    choices.isEmpty ? nil : choices[below(choices.count)]
  }

  /// `count` letters and digits, as ids have them.
  mutating func identifier(_ count: Int) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789".utf8)
    var bytes: [UInt8] = []
    for _ in 0..<max(0, count) { bytes.append(alphabet[below(alphabet.count)]) }
    return String(decoding: bytes, as: UTF8.self)
  }
}
