import Bytes
import Wire

/// Turns the bytes of a client connection into requests, one at a time. Pure: it is fed and asked;
/// its counterpart that does the reading is `ClientConnection`.
struct RequestReader {
  enum Outcome {
    /// There is no complete request yet. What was given is used up, or the body behind a head is next.
    case more
    /// The client holds its body back until it has been told to go on.
    case expectsContinue
    /// The share lasts as long as the request is under way.
    case complete(RequestHead, ByteBuffer, BodyShare?)
    case refused(RequestHead?, status: Int, reason: String)
  }

  private enum Phase {
    case head
    case length(RequestHead, ByteBuffer, remaining: Int)
    case chunked(RequestHead, ByteBuffer)
  }

  /// Of a body that is announced, so much is reserved at once: a length alone, however large it may
  /// be, takes addresses and no memory.
  private static let mostReserved = 16 << 20
  /// Room behind a body, so that the read that completes it is not full: a full one would be
  /// followed by another that finds nothing.
  private static let slack = 512
  /// A body of unknown length grows to this by copying, and is given addresses for the most then.
  private static let mostCopied = 1 << 20

  private let limits: HTTPLimits
  /// For bodies from here on, one that is being read in chunks included.
  var maxBodyBytes: Int
  private let allowance: BodyAllowance
  /// Of the body that is being read.
  private var share: BodyShare?
  /// Asked for at the end of each head.
  var clientToken: ClientToken?
  private var parser: RequestHeadParser
  private var decoder: ChunkedDecoder?
  private var phase = Phase.head
  /// Whether a part of a head or a body has arrived.
  private(set) var isMidway = false

  init(
    limits: HTTPLimits, maxBodyBytes: Int, allowance: BodyAllowance,
    clientToken: ClientToken? = nil
  ) {
    self.limits = limits
    self.maxBodyBytes = maxBodyBytes
    self.allowance = allowance
    self.clientToken = clientToken
    parser = RequestHeadParser(limits: limits)
  }

  /// How much of a body has arrived; nil while no body is being read.
  var bodyBytes: Int? {
    switch phase {
    case .head: nil
    case .length(_, let body, _), .chunked(_, let body): body.count
    }
  }

  /// The head of the request whose body is being read, or what is known of one that is not complete.
  var head: RequestHead? {
    switch phase {
    case .head: parser.begun
    case .length(let head, _, _), .chunked(let head, _): head
    }
  }

  /// Uses bytes up to the end of the request at most; what is behind belongs to the next one.
  mutating func consume(_ bytes: UnsafeRawBufferPointer) -> (consumed: Int, outcome: Outcome) {
    do throws(WireError) {
      switch phase {
      case .head:
        let (consumed, head) = try parser.consume(bytes)
        isMidway = head != nil || !parser.isIdle
        guard let head else { return (consumed, .more) }
        return (consumed, begin(head, hasMore: consumed < bytes.count))
      case .length(_, let body, let remaining):
        let taken = min(remaining, bytes.count)
        body.append(UnsafeRawBufferPointer(rebasing: bytes[..<taken]))
        return (taken, advance(by: taken))
      case .chunked(let head, let body):
        return try consumeChunked(bytes, head, body)
      }
    } catch {
      isMidway = true
      return (bytes.count, .refused(head, status: error.status, reason: error.reason))
    }
  }

  private mutating func begin(_ head: RequestHead, hasMore: Bool) -> Outcome {
    // Before the body, so that strangers take no memory.
    if let clientToken, clientToken.carriers(in: head.fields).isEmpty {
      return .refused(
        head, status: 401,
        reason: "this proxy asks for a token; send it in the field x-holdfast-token")
    }
    switch head.framing {
    case .none, .untilClose, .length(0):
      return finish(head, ByteBuffer(capacity: 0))
    case .length(let length):
      if length > maxBodyBytes { return tooLarge(head) }
      share = allowance.take(length)
      if share == nil { return crowded(head) }
      let eager = min(length, RequestReader.mostReserved) + RequestReader.slack
      let body = ByteBuffer(capacity: eager)
      phase = .length(head, body, remaining: length)
    case .chunked:
      decoder = ChunkedDecoder(limits: limits)
      share = allowance.take(0)
      phase = .chunked(head, ByteBuffer(capacity: 16 * 1024))
    }
    return head.expectsContinue && !hasMore ? .expectsContinue : .more
  }

  private mutating func consumeChunked(
    _ bytes: UnsafeRawBufferPointer, _ head: RequestHead, _ body: ByteBuffer
  ) throws(WireError) -> (consumed: Int, outcome: Outcome) {
    guard var decoder, let share else { return (0, .more) }
    self.decoder = nil
    let limit = maxBodyBytes
    var isTooLarge = false
    var isCrowded = false
    let consumed = try decoder.consume(bytes) { piece in
      if piece.count > limit - body.count {
        isTooLarge = true
      } else if !share.grow(to: body.count + piece.count) {
        isCrowded = true
      } else {
        if body.count + piece.count > RequestReader.mostCopied,
          body.capacity < RequestReader.mostReserved
        {
          body.reserve(RequestReader.mostReserved)
        }
        body.append(piece)
      }
    }
    // A size that is announced is refused before it arrives, as a length is.
    if isTooLarge || decoder.remaining > limit - body.count { return (consumed, tooLarge(head)) }
    if isCrowded { return (consumed, crowded(head)) }
    if decoder.isFinished {
      body.trim()
      return (consumed, finish(head, body))
    }
    self.decoder = decoder
    return (consumed, .more)
  }

  private func tooLarge(_ head: RequestHead) -> Outcome {
    .refused(head, status: 413, reason: "request body is larger than \(maxBodyBytes) bytes")
  }

  private func crowded(_ head: RequestHead) -> Outcome {
    .refused(
      head, status: 503,
      reason: "the requests under way have \(allowance.limit) bytes together; try again")
  }

  private mutating func finish(_ head: RequestHead, _ body: ByteBuffer) -> Outcome {
    phase = .head
    isMidway = false
    defer { share = nil }
    return .complete(head, body, share)
  }

  /// Forgets what has arrived of a request that will not be read to its end.
  mutating func abandon() {
    phase = .head
    decoder = nil
    share = nil
  }

  // MARK: Reading without a copy

  /// Where the next bytes of a body of known length may be read to directly.
  mutating func bodySpace() -> UnsafeMutableRawBufferPointer? {
    guard case .length(_, let body, let remaining) = phase else { return nil }
    if body.count == body.capacity {
      body.reserve(min(remaining, RequestReader.mostReserved) + RequestReader.slack)
    }
    return body.vacant
  }

  /// `count` bytes were read into `bodySpace`. Those behind the body are the start of the next
  /// request; they are valid until the body's memory goes.
  mutating func didReadIntoBody(_ count: Int) -> (
    surplus: UnsafeRawBufferPointer, outcome: Outcome
  ) {
    guard case .length(_, let body, let remaining) = phase else {
      return (UnsafeRawBufferPointer(start: nil, count: 0), .more)
    }
    let taken = min(count, remaining)
    body.advance(by: taken)
    let surplus = UnsafeRawBufferPointer(start: body.base + body.count, count: count - taken)
    return (surplus, advance(by: taken))
  }

  private mutating func advance(by taken: Int) -> Outcome {
    guard case .length(let head, let body, let remaining) = phase else { return .more }
    if taken == remaining { return finish(head, body) }
    phase = .length(head, body, remaining: remaining - taken)
    return .more
  }
}
