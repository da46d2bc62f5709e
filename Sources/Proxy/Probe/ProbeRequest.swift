public import Bytes
public import Wire

/// A question to an upstream that no agent asked.
public struct ProbeRequest {
  /// Below the upstream's address, whose own `/v1` at the end is left out.
  public var path: String
  /// JSON to post; nil asks with GET.
  public var body: ByteBuffer?
  /// A longer answer is not read.
  var maxAnswerBytes: Int
  /// For all of it, connecting included.
  var timeoutMillis: UInt64

  public init(
    path: String, body: ByteBuffer? = nil, maxAnswerBytes: Int = 1 << 20,
    timeoutMillis: UInt64 = 3_000
  ) {
    self.path = path
    self.body = body
    self.maxAnswerBytes = maxAnswerBytes
    self.timeoutMillis = timeoutMillis
  }
}

public enum ProbeOutcome {
  /// Complete, whatever the status says.
  case answered(status: Int, fields: HeaderFields, body: ByteBuffer)
  /// No complete answer.
  case failed(reason: String)
}

/// What a `ProbeSource` wants.
public enum ProbeStep {
  case ask(ProbeRequest)
  /// To be asked again after this time.
  case wait(millis: UInt64)
  /// Nothing until the next `Prober.wake`.
  case rest
}

/// Decides what is asked. All calls come on the loop thread.
public protocol ProbeSource: AnyObject {
  /// Not called while a question to this upstream is under way.
  func nextProbe(upstream: Int) -> ProbeStep
  /// Answers the question that `nextProbe` returned last.
  func probeEnded(upstream: Int, _ outcome: ProbeOutcome)
}
