import Wire

/// Finds the parts of one response in the bytes of an upstream connection. Pure.
struct ResponseReader {
  private enum Phase {
    case head
    case length(remaining: Int)
    case chunked
    case untilClose
    case complete
  }

  private let limits: HTTPLimits
  private let method: String
  private var parser: ResponseHeadParser
  private var decoder: ChunkedDecoder?
  private var phase = Phase.head

  init(limits: HTTPLimits, requestMethod: String) {
    self.limits = limits
    method = requestMethod
    parser = ResponseHeadParser(limits: limits)
  }

  var isComplete: Bool {
    if case .complete = phase { return true }
    return false
  }

  var isReadingHead: Bool {
    if case .head = phase { return true }
    return false
  }

  /// Whether the end of the connection is the proper end of the response.
  var endsWithConnection: Bool {
    if case .untilClose = phase { return true }
    return false
  }

  /// Fields behind a chunked body; empty before its end.
  private(set) var trailers = HeaderFields()

  /// Reads one head, informational or final. To be called again after an informational one.
  mutating func consumeHead(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> (
    consumed: Int, head: ResponseHead?
  ) {
    let (consumed, head) = try parser.consume(bytes, requestMethod: method)
    guard let head else { return (consumed, nil) }
    if !head.isInformational {
      switch head.framing {
      case .none, .length(0): phase = .complete
      case .length(let length): phase = .length(remaining: length)
      case .untilClose: phase = .untilClose
      case .chunked:
        decoder = ChunkedDecoder(limits: limits)
        phase = .chunked
      }
    }
    return (consumed, head)
  }

  /// Adds the places of body bytes in `bytes` to `pieces`.
  /// - Returns: how many bytes belong to the response; fewer than given only if it is complete.
  mutating func consumeBody(
    _ bytes: UnsafeRawBufferPointer, _ pieces: inout [UnsafeRawBufferPointer]
  ) throws(WireError) -> Int {
    switch phase {
    case .head, .complete:
      return 0
    case .untilClose:
      if !bytes.isEmpty { pieces.append(bytes) }
      return bytes.count
    case .length(let remaining):
      let taken = min(remaining, bytes.count)
      if taken > 0 { pieces.append(UnsafeRawBufferPointer(rebasing: bytes[..<taken])) }
      phase = taken == remaining ? .complete : .length(remaining: remaining - taken)
      return taken
    case .chunked:
      guard var decoder else { return 0 }
      self.decoder = nil
      let consumed = try decoder.consume(bytes) { pieces.append($0) }
      if decoder.isFinished {
        trailers = decoder.trailers
        phase = .complete
      }
      self.decoder = decoder
      return consumed
    }
  }
}
