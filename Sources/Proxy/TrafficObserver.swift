public import Bytes
public import Wire

/// A request that arrived completely.
public struct ReceivedRequest {
  /// As received, but for a prefix of the target that named the upstream.
  public let head: RequestHead
  /// The decoded body, exactly the bytes of the agent.
  public let body: ByteBuffer
  /// Number of the client connection, unique within the process.
  public let connection: UInt64
  /// Index into the configured upstreams.
  public let upstream: Int
  /// Milliseconds since 1970.
  public let receivedAtMillis: Int64

  public init(
    head: RequestHead, body: ByteBuffer, connection: UInt64, upstream: Int, receivedAtMillis: Int64
  ) {
    self.head = head
    self.body = body
    self.connection = connection
    self.upstream = upstream
    self.receivedAtMillis = receivedAtMillis
  }
}

/// What is to be sent upstream for a request, and who wants to see the answer.
public struct ExchangePlan {
  /// The body to send, in pieces that are written without being joined.
  public var body: [ByteSlice]
  /// Sent once instead if the upstream refuses `body` with 400, 413, 422 or 500; nil if that answer is
  /// final.
  public var fallbackBody: ByteBuffer?
  public var observer: (any ExchangeObserver)?
  /// While it is closed nothing of the upstream's answer is read; nil if nothing has to wait.
  public var answerHold: AnswerHold?
  public var extraRequestFields: [(String, String)]
  public var extraResponseFields: [(String, String)]

  public init(
    body: [ByteSlice], fallbackBody: ByteBuffer? = nil, observer: (any ExchangeObserver)? = nil,
    extraRequestFields: [(String, String)] = [], extraResponseFields: [(String, String)] = []
  ) {
    self.body = body
    self.fallbackBody = fallbackBody
    self.observer = observer
    self.extraRequestFields = extraRequestFields
    self.extraResponseFields = extraResponseFields
  }

  /// Forwards the request as it came.
  public static func unchanged(_ request: ReceivedRequest) -> ExchangePlan {
    ExchangePlan(body: [ByteSlice(request.body)])
  }
}

/// Decides about requests and learns about traffic. All calls come on the loop thread and hold it
/// up, so they must be quick.
public protocol TrafficObserver: AnyObject {
  func plan(for request: ReceivedRequest) -> ExchangePlan
  /// Called when an upstream is reached for the first time since it was away, and whenever a request
  /// could not reach it.
  func upstreamChanged(index: Int, _ state: UpstreamHealth)
  /// The proxy itself answered a request for which there was no plan yet.
  func refused(method: String, path: String, status: Int, reason: String)
  /// Something a person may want to know, such as a shortage of descriptors.
  func notice(_ text: String)
}

/// Sees one exchange. Calls come in the order of declaration; `ended` comes last, exactly once.
public protocol ExchangeObserver: AnyObject {
  /// The request was handed to the upstream's connection. May come again after a retry.
  func forwarded()
  /// The upstream refused the body of the plan, and the other one is sent instead.
  func retriedWithOriginalBody(status: Int)
  /// What changes the body of the final response, whose head is about to be sent to the client; nil
  /// for answers that are relayed as they come.
  func responseEditor(for head: ResponseHead) -> (any ResponseEditor)?
  /// Fields to add to that head.
  func responseFields(for head: ResponseHead) -> [(String, String)]
  /// The head of the final response, after it was sent to the client.
  func responseHead(_ head: ResponseHead)
  /// Decoded body bytes, after they were written to the client. Valid during the call.
  func responseBody(_ bytes: UnsafeRawBufferPointer)
  func ended(_ outcome: ExchangeOutcome)
}

extension ExchangeObserver {
  public func responseFields(for head: ResponseHead) -> [(String, String)] { [] }
  public func responseEditor(for head: ResponseHead) -> (any ResponseEditor)? { nil }
}

public enum ExchangeOutcome: Sendable, Equatable {
  /// The whole response was handed to the client's connection.
  case complete(status: Int)
  /// The upstream gave no usable response; the client got this answer of the proxy's own.
  case upstreamFailed(status: Int, reason: String)
  /// The response broke off, and so did the client's.
  case truncated(reason: String)
  /// The client went away before the end; the upstream connection was closed.
  case clientGone
}

public enum UpstreamHealth: Sendable, Equatable {
  case up(connectMillis: Int)
  case down(reason: String)
}
