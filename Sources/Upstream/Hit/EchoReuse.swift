/// How much of an answer that came back unchanged a server reused: known only by its counts, because
/// its template may write an answer in other tokens than the model did.
public struct EchoReuse: Sendable, Equatable {
  /// Shares of plain answers and of answers with tool calls, 0...1; nil before the first one.
  private(set) var text: Double?
  private(set) var calls: Double?

  public init() {}

  /// Tokens to expect behind the previous prompt. A plain answer is expected whole until the server
  /// shows otherwise; calls are not, as models and templates differ about white space in arguments.
  ///
  /// - Parameters:
  ///   - output: tokens of the answer.
  ///   - returned: share of it that came back unchanged, from its start, 0...1.
  ///   - plain: share of it in front of its first tool call.
  public func expected(output: Int, returned: Double, plain: Double) -> Int {
    guard output > 1 else { return 0 }
    let share = plain < 1 ? min(returned, calls ?? plain) : min(returned, text ?? 1)
    return Int((Double(output - 1) * share).rounded())
  }

  /// The server reused `reused` tokens behind the previous prompt, of an answer that came back whole.
  public mutating func note(reused: Int, output: Int, plain: Double) {
    guard output > 1, reused >= 0 else { return }
    let share = min(1, Double(reused) / Double(output - 1))
    if plain < 1 { calls = share } else { text = share }
  }
}
