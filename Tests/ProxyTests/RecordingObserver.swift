import Bytes
import Proxy
import Wire

/// Writes down what a proxy reports.
final class RecordingObserver: TrafficObserver {
  struct Refusal: Equatable {
    let method: String
    let path: String
    let status: Int
  }

  var requests: [ReceivedRequest] = []
  var exchanges: [RecordingExchange] = []
  var health: [UpstreamHealth] = []
  var refusals: [Refusal] = []
  var notices: [String] = []
  /// Makes changes to the plan, which otherwise forwards the request as it came.
  var onPlan: ((ReceivedRequest, inout ExchangePlan) -> Void)?

  var outcomes: [ExchangeOutcome] { exchanges.flatMap { $0.outcomes } }

  func plan(for request: ReceivedRequest) -> ExchangePlan {
    requests.append(request)
    let exchange = RecordingExchange()
    exchanges.append(exchange)
    var plan = ExchangePlan(body: [ByteSlice(request.body)], observer: exchange)
    onPlan?(request, &plan)
    return plan
  }

  func upstreamChanged(index: Int, _ state: UpstreamHealth) { health.append(state) }

  func refused(method: String, path: String, status: Int, reason: String) {
    refusals.append(Refusal(method: method, path: path, status: status))
  }

  func notice(_ text: String) { notices.append(text) }
}

final class RecordingExchange: ExchangeObserver {
  var forwardedCount = 0
  var heads: [ResponseHead] = []
  var body: [UInt8] = []
  var retries: [Int] = []
  var outcomes: [ExchangeOutcome] = []

  func forwarded() { forwardedCount += 1 }
  func responseHead(_ head: ResponseHead) { heads.append(head) }
  func responseBody(_ bytes: UnsafeRawBufferPointer) { body += bytes }
  func retriedWithOriginalBody(status: Int) { retries.append(status) }
  func ended(_ outcome: ExchangeOutcome) { outcomes.append(outcome) }
}
