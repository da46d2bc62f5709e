/// Reads request heads from a byte stream (RFC 9112), one after the other. Its counterpart is
/// `HTTPSerializer`. Bodies are not its business: feed it again where the body ends.
///
/// It holds no memory between heads. After an error it repeats that error for ever.
public struct RequestHeadParser {
  private var scanner: HeadScanner<RequestLine>
  private var failure: WireError?
  private var refused: RequestHead?

  public init(limits: HTTPLimits = .request) {
    scanner = HeadScanner(limits: limits)
  }

  /// Whether nothing of the next head has arrived, but for empty lines.
  public var isIdle: Bool { failure == nil && (scanner.isIdle || scanner.begunLine.isEmpty) }

  /// What is known of a head that is not complete, or was refused: enough to answer it in the form
  /// of the API that was called. It has no fields, and nothing of it was checked.
  public var begun: RequestHead? { failure == nil ? Self.begun(scanner.begunLine) : refused }

  private static func begun(_ line: ArraySlice<UInt8>) -> RequestHead? {
    let words = line.split(separator: 0x20, maxSplits: 2)
    guard words.count >= 2, words[0].allSatisfy({ ByteClass.isToken($0) }),
      words[1].allSatisfy({ $0 > 0x20 && $0 < 0x7F })
    else { return nil }
    return RequestHead(
      method: String(decoding: words[0], as: UTF8.self),
      target: String(decoding: words[1], as: UTF8.self), keepAlive: false)
  }

  /// Takes bytes up to the end of the head; the bytes behind it are left to the caller.
  /// - Returns: how many bytes were taken, which is all of them unless there is a head.
  public mutating func consume(
    _ bytes: UnsafeRawBufferPointer
  ) throws(WireError) -> (consumed: Int, head: RequestHead?) {
    if let failure { throw failure }
    var line: ArraySlice<UInt8>?
    do throws(WireError) {
      let (consumed, fields) = try scanner.consume(bytes)
      guard let fields else { return (consumed, nil) }
      do throws(WireError) {
        let head = try Self.head(scanner, fields)
        scanner.reset()
        return (consumed, head)
      } catch {
        line = HeadScanner<RequestLine>.firstLine(fields.storage)
        throw error
      }
    } catch {
      failure = error
      refused = Self.begun(line ?? scanner.begunLine)
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
        expectsContinue: facts.expectsContinue && line.minorVersion >= 1 && announcesBody)
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
