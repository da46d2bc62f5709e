/// By which rule a server reuses prompts. Predicts from what is known before the answer arrives.
public enum HitModel: Sendable, Equatable {
  /// Nothing is known of the server: the prompt it had, as far as it is unchanged.
  case prefix
  case slot(SlotHits)
  case blocks(BlockHits)
  case automatic(AutomaticHits)
  case units(UnitHits)
  case breakpoints(BreakpointHits)

  /// - Parameters:
  ///   - model: the name in the request.
  ///   - resumesAtCheckpoints: see `SlotHits`; learnt from what the server did.
  public init(_ kind: ServerKind, model: String, resumesAtCheckpoints: Bool = false) {
    switch kind {
    case .unknown: self = .prefix
    case .llamaCpp, .ollama, .lmStudio:
      self = .slot(SlotHits(resumesAtCheckpoints: resumesAtCheckpoints))
    case .vLLM: self = .blocks(.vLLM)
    case .sgLang: self = .blocks(.sgLang)
    case .openAI: self = Self.matchesBreakpoints(model) ? .units(.openAI) : .automatic(.init())
    case .anthropic: self = .breakpoints(BreakpointHits(model: model))
    case .deepSeek: self = .units(.deepSeek)
    }
  }

  /// Tokens the server should report as reused.
  public func predicted(_ query: HitQuery) -> Int {
    switch self {
    case .prefix: min(query.kept, query.prompt)
    case .slot(let hits): hits.predicted(query)
    case .blocks(let hits): hits.predicted(query)
    case .automatic(let hits): hits.predicted(query)
    case .units(let hits): hits.predicted(query)
    case .breakpoints(let hits): hits.predicted(query)
    }
  }

  /// Whether what was generated stays in the cache behind the prompt.
  public var keepsGenerated: Bool {
    switch self {
    case .slot, .blocks: true
    case .units(let hits): hits.storesOutput
    case .prefix, .automatic, .breakpoints: false
    }
  }

  /// Prompts shorter than this are not cached; nil if there is no such bound.
  public var minimum: Int? {
    switch self {
    case .automatic: AutomaticHits.minimum
    case .units(let hits): hits.minimum
    case .breakpoints(let hits): hits.minimum
    case .prefix, .slot, .blocks: nil
    }
  }

  /// How long a prefix is held at least without use; nil if until it is displaced, or not published.
  /// With breakpoints it is their own affair.
  public var lifetimeMillis: UInt64? {
    switch self {
    case .automatic: 10 * 60 * 1000
    case .units(.openAI): 30 * 60 * 1000
    case .prefix, .slot, .blocks, .units, .breakpoints: nil
    }
  }

  /// gpt-5.6 and later match at breakpoints.
  private static func matchesBreakpoints(_ model: String) -> Bool {
    guard let start = model.utf8.firstIndex(of: UInt8(ascii: "g")),
      model[start...].hasPrefix("gpt-")
    else { return false }
    let version = model[start...].dropFirst(4).prefix { $0.isNumber || $0 == "." }
    let parts = version.split(separator: ".").map { Int($0) ?? 0 }
    guard let major = parts.first else { return false }
    return major > 5 || (major == 5 && parts.count > 1 && parts[1] >= 6)
  }
}
