/// Where a server renders the tools: that decides what is lost when tools or system prompt change.
public enum RenderingOrder: UInt8, Sendable {
  /// In front of the system prompt (Anthropic's API, by its documentation).
  case toolsFirst
  /// Behind it, as most chat templates do.
  case systemFirst

  public var other: RenderingOrder { self == .toolsFirst ? .systemFirst : .toolsFirst }
}
