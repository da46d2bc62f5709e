import Prefix
import Prompt
import Upstream

/// Names a conversation to a service that spreads requests over several machines, so that its turns
/// reach the one that has its cache. Only where the service documents such a name.
///
/// Sources: OpenAI's prompt caching guide (`prompt_cache_key`), SGLang's model gateway
/// (`x-smg-routing-key`). vLLM's `cache_salt` is no such name: it keeps caches apart.
struct RoutingKey {
  enum Carrier: Equatable {
    case member(name: StaticString)
    case field(name: StaticString)

    static func == (a: Carrier, b: Carrier) -> Bool {
      switch (a, b) {
      case (.member(let a), .member(let b)), (.field(let a), .field(let b)):
        a.description == b.description
      default: false
      }
    }
  }

  /// Sessions that had a name from their first turn on, and that name. One that began without would
  /// be sent elsewhere by it, away from its cache.
  private var names: [SessionID: String] = [:]

  static func carrier(_ kind: ServerKind, _ dialect: Dialect) -> Carrier? {
    switch (kind, dialect) {
    case (.openAI, .openAIChat), (.openAI, .openAIResponses): .member(name: "prompt_cache_key")
    case (.sgLang, _): .field(name: "x-smg-routing-key")
    default: nil
    }
  }

  /// - Parameter parent: the session it branched off, whose name it keeps.
  mutating func name(of session: SessionID, parent: SessionID?, isFirstTurn: Bool) -> String? {
    if let known = names[session] { return known }
    let inherited = parent.flatMap { names[$0] }
    guard inherited != nil || isFirstTurn && parent == nil else { return nil }
    let name = inherited ?? "holdfast-\(session)"
    names[session] = name
    return name
  }

  mutating func forget(_ session: SessionID) { names[session] = nil }
}
