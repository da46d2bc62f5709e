/// What may be done to a session's requests.
public enum PinMode: UInt8, Sendable, CaseIterable {
  /// Measure only: every body is forwarded as received.
  case off
  /// Lossless repairs only.
  case safe
  /// Everything that keeps the server's prefix without losing information.
  case hold

  public var name: String {
    switch self {
    case .off: "off"
    case .safe: "safe"
    case .hold: "hold"
    }
  }

  public init?(name: String) {
    guard let mode = PinMode.allCases.first(where: { $0.name == name }) else { return nil }
    self = mode
  }
}
