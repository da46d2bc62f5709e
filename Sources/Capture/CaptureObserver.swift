import Bytes
public import Proxy
import Wire

/// Sees all that another observer sees, and hands whole exchanges on to be written. Loop thread only;
/// it never waits for a file.
public final class CaptureObserver: TrafficObserver {
  private let inner: any TrafficObserver
  private let upstreams: [String]
  private let nowMillis: () -> UInt64
  private let take: (CaptureRecord) -> Void
  private var lastNumber = 0
  /// Bytes of responses that are being collected.
  fileprivate var collecting = 0

  /// Of a response more than this is not kept, and of all that are under way together not more than
  /// the second.
  static let maxResponseBytes = 64 << 20
  static let maxCollectedBytes = 256 << 20

  /// - Parameters:
  ///   - inner: decides about the requests; this object holds it.
  ///   - upstreams: their names, in the order of their indices.
  ///   - nowMillis: a monotonic clock.
  ///   - take: gets every exchange when it has ended; must not block.
  public init(
    _ inner: any TrafficObserver, upstreams: [String], nowMillis: @escaping () -> UInt64,
    take: @escaping (CaptureRecord) -> Void
  ) {
    self.nowMillis = nowMillis
    self.inner = inner
    self.upstreams = upstreams
    self.take = take
  }

  public func plan(for request: ReceivedRequest) -> ExchangePlan {
    var plan = inner.plan(for: request)
    lastNumber += 1
    var record = CaptureRecord(request: request.body)
    record.number = lastNumber
    record.startedAt = request.receivedAtMillis
    record.upstream =
      upstreams.indices.contains(request.upstream) ? upstreams[request.upstream] : ""
    record.method = request.head.method
    record.target = request.head.target
    record.requestFields = CredentialFields.withoutCredentials(request.head.fields)
    let isOwn = plan.body.count == 1 && plan.body[0].buffer === request.body
    if !isOwn || plan.body[0].count != request.body.count { record.forwarded = plan.body }
    plan.observer = CapturedExchange(record, self, plan.observer, beganAt: nowMillis())
    return plan
  }

  public func upstreamChanged(index: Int, _ state: UpstreamHealth) {
    inner.upstreamChanged(index: index, state)
  }

  public func refused(method: String, path: String, status: Int, reason: String) {
    inner.refused(method: method, path: path, status: status, reason: reason)
  }

  public func notice(_ text: String) { inner.notice(text) }

  fileprivate func hand(on record: CaptureRecord, beganAt: UInt64) {
    var record = record
    record.totalMillis = Int(clamping: nowMillis() &- beganAt)
    take(record)
  }
}

private final class CapturedExchange: ExchangeObserver {
  private var record: CaptureRecord
  private let capture: CaptureObserver
  private let inner: (any ExchangeObserver)?
  private let beganAt: UInt64

  init(
    _ record: CaptureRecord, _ capture: CaptureObserver, _ inner: (any ExchangeObserver)?,
    beganAt: UInt64
  ) {
    self.beganAt = beganAt
    self.record = record
    self.capture = capture
    self.inner = inner
  }

  func forwarded() { inner?.forwarded() }

  func retriedWithOriginalBody(status: Int) {
    record.isRetried = true
    inner?.retriedWithOriginalBody(status: status)
  }

  func responseFields(for head: ResponseHead) -> [(String, String)] {
    inner?.responseFields(for: head) ?? []
  }

  func responseEditor(for head: ResponseHead) -> (any ResponseEditor)? {
    inner?.responseEditor(for: head)
  }

  func responseHead(_ head: ResponseHead) {
    record.status = head.status
    record.responseFields = CredentialFields.withoutCredentials(head.fields)
    inner?.responseHead(head)
  }

  func responseBody(_ bytes: UnsafeRawBufferPointer) {
    if !record.isResponseCut {
      let isTooMuch =
        bytes.count > CaptureObserver.maxResponseBytes - record.response.count
        || bytes.count > CaptureObserver.maxCollectedBytes - capture.collecting
      if isTooMuch {
        record.isResponseCut = true
      } else {
        record.response.append(bytes)
        capture.collecting += bytes.count
      }
    }
    inner?.responseBody(bytes)
  }

  func ended(_ outcome: ExchangeOutcome) {
    inner?.ended(outcome)
    capture.collecting -= record.response.count
    switch outcome {
    case .complete: record.outcome = "complete"
    case .upstreamFailed(let status, let reason):
      record.outcome = "failed"
      record.status = status
      record.failure = reason
    case .truncated(let reason):
      record.outcome = "truncated"
      record.failure = reason
    case .clientGone: record.outcome = "aborted"
    }
    capture.hand(on: record, beganAt: beganAt)
  }
}
