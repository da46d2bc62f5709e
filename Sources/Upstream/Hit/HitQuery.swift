/// What is known of a request before it is answered, for predicting how much of it a server reuses.
/// All counts are tokens.
public struct HitQuery: Sendable {
  /// Of the session's previous prompt, as much as the request still begins with.
  public var kept: Int
  /// The whole previous prompt.
  public var previous: Int
  /// Of the last answer, as much as the request goes on with behind the previous prompt; 0 if not all
  /// of that was kept.
  var echoed: Int
  /// The whole last answer; 0 if not known.
  public var generated: Int
  /// The prompt of this request.
  public var prompt: Int
  /// Monotonic milliseconds.
  var now: UInt64
  /// Where the server holds the session's prompt as a whole, as far as it is unchanged.
  public var marks: [PrefixMark]
  /// Where this request asks for its prompt to be kept (`cache_control`), in its order.
  public var breakpoints: [PrefixMark]

  public init(
    kept: Int, previous: Int, echoed: Int = 0, generated: Int = 0, prompt: Int, now: UInt64 = 0,
    marks: [PrefixMark] = [], breakpoints: [PrefixMark] = []
  ) {
    self.kept = kept
    self.previous = previous
    self.echoed = echoed
    self.generated = generated
    self.prompt = prompt
    self.now = now
    self.marks = marks
    self.breakpoints = breakpoints
  }

  /// Tokens the request has in common with what a server holds that keeps what it generated.
  public var common: Int { kept + (kept >= previous ? echoed : 0) }
}
