/// What a rewrite has to respect.
public struct PinPolicy: Sendable {
  public var mode: PinMode
  /// The classes that are repaired, as far as the mode allows. What is held already stays held.
  public var repairs = RepairSet.all
  /// Whether writings that the server renders alike are restored, too. Not on an API whose cache
  /// markers are part of those writings.
  public var restoresNeutral = true
  /// Whether the billing line may be frozen.
  public var freezesBillingLine = true
  /// Whether the model's own words are part of what the server keeps, so that an echo in other words
  /// costs something. Not on the vendors' APIs.
  public var pinsEcho = true
  /// Whether the server's template renders reasoning that is sent back (`reasoning_content`).
  public var rendersReasoning = false
  /// Tokens the server's window holds, and an estimate of bytes per token; nil if unknown.
  public var windowTokens: Int?
  public var bytesPerToken = 4.0

  public init(mode: PinMode) { self.mode = mode }

  /// nil if a class may be repaired, else why not.
  func refusal(_ one: RepairClass) -> String? {
    if !repairs.contains(one) { return "repairs of \(one.name) are switched off" }
    if one.tier != .lossless, mode != .hold { return "safe forwards it" }
    return nil
  }
}
