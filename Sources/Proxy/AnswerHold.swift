/// Keeps an answer from the agent while something that the next request depends on is not safe yet.
/// The request itself is forwarded at once; only reading the answer waits. Loop thread only.
public final class AnswerHold {
  private var reasons = 0
  private var resume: (() -> Void)?

  public init() {}

  var isOpen: Bool { reasons == 0 }

  /// Adds a reason to wait; each needs an `open` of its own.
  public func close() { reasons += 1 }

  public func open() {
    guard reasons > 0 else { return }
    reasons -= 1
    guard reasons == 0, let resume else { return }
    self.resume = nil
    resume()
  }

  /// Calls `body` once, when no reason is left; it takes the place of an earlier one.
  func whenOpen(_ body: @escaping () -> Void) {
    if isOpen { body() } else { resume = body }
  }
}
