/// Reads request heads from a byte stream (RFC 9112), one after the other. Its counterpart is
/// `HTTPSerializer`. Bodies are not its business: feed it again where the body ends.
///
/// It holds no memory between heads. After an error it repeats that error for ever.
public struct RequestHeadParser {
  private var scanner: HeadScanner<RequestLine>
  private var failure: WireError?

  public init(limits: HTTPLimits = .request) {
    scanner = HeadScanner(limits: limits)
  }

  /// Whether no byte of the next head has arrived.
  public var isIdle: Bool { scanner.isIdle && failure == nil }

  /// Takes bytes up to the end of the head; the bytes behind it are left to the caller.
  /// - Returns: how many bytes were taken, which is all of them unless there is a head.
  public mutating func consume(
    _ bytes: UnsafeRawBufferPointer
  ) throws(WireError) -> (consumed: Int, head: RequestHead?) {
    if let failure { throw failure }
    do throws(WireError) {
      let (consumed, fields) = try scanner.consume(bytes)
      guard let fields else { return (consumed, nil) }
      let head = try Self.head(scanner, fields)
      scanner.reset()
      return (consumed, head)
    } catch {
      failure = error
      scanner.reset()
      throw error
    }
  }

  private static func head(
    _ scanner: HeadScanner<RequestLine>, _ fields: HeaderFields
  ) throws(WireError) -> RequestHead {
    let line = scanner.start
    let facts = scanner.facts
    return try fields.storage.withBytes { bytes throws(WireError) in
      try checkHost(bytes, line, facts)
      let framing = try framing(line, facts)
      let announcesBody = framing != .none && framing != .length(0)
      return RequestHead(
        method: String(
          decoding: UnsafeRawBufferPointer(rebasing: bytes[line.method]), as: UTF8.self),
        target: line.target.text(bytes), minorVersion: line.minorVersion, fields: fields,
        framing: framing, keepAlive: facts.keepAlive(minorVersion: line.minorVersion),
        expectsContinue: facts.expectsContinue && line.minorVersion >= 1 && announcesBody,
        isUpgrade: facts.upgradeOption && facts.upgradeField && line.minorVersion >= 1)
    }
  }

  private static func framing(
    _ line: RequestLine, _ facts: FramingFacts
  ) throws(WireError) -> BodyFraming {
    if facts.hasTransferCoding {
      guard line.minorVersion >= 1 else { throw .transferCodingInHTTP10 }
      return .chunked
    }
    return facts.length.map { .length($0) } ?? .none
  }

  /// Host is there exactly once, well-formed, and the same as in an absolute-form target: a client
  /// has to send them alike (RFC 9112 section 3.2), and if they differ two readers disagree about
  /// whom the request is for. Only HTTP/1.0 may leave it out.
  private static func checkHost(
    _ bytes: UnsafeRawBufferPointer, _ line: RequestLine, _ facts: FramingFacts
  ) throws(WireError) {
    guard let host = facts.host else {
      guard line.minorVersion == 0 else { throw .missingHost }
      return
    }
    guard HostName.isValid(bytes, host) else { throw .malformedHost }
    if let authority = line.target.authority,
      !equalIgnoringCase(
        UnsafeRawBufferPointer(rebasing: bytes[host]),
        UnsafeRawBufferPointer(rebasing: bytes[authority]))
    {
      throw .hostMismatch
    }
  }
}
