/// Reads response heads from a byte stream (RFC 9112). As strict as for requests: an upstream whose
/// answer can be read in two ways is not passed on.
///
/// It holds no memory between heads. After an error it repeats that error for ever.
public struct ResponseHeadParser {
  private var scanner: HeadScanner<StatusLine>
  private var failure: WireError?

  public init(limits: HTTPLimits = .response) {
    scanner = HeadScanner(limits: limits)
  }

  /// Takes bytes up to the end of a head; the bytes behind it are left to the caller. Informational
  /// responses (1xx) come out as heads of their own, with the final one to follow; 101 is refused,
  /// because an upgrade is never asked for.
  /// - Parameter requestMethod: of the request that is answered; a response to HEAD has no body.
  /// - Returns: how many bytes were taken, which is all of them unless there is a head.
  public mutating func consume(
    _ bytes: UnsafeRawBufferPointer, requestMethod: String
  ) throws(WireError) -> (consumed: Int, head: ResponseHead?) {
    if let failure { throw failure }
    do throws(WireError) {
      let (consumed, fields) = try scanner.consume(bytes)
      guard let fields else { return (consumed, nil) }
      let head = try Self.head(scanner, fields, requestMethod)
      scanner.reset()
      return (consumed, head)
    } catch {
      failure = error
      scanner.reset()
      throw error
    }
  }

  private static func head(
    _ scanner: HeadScanner<StatusLine>, _ fields: HeaderFields, _ method: String
  ) throws(WireError) -> ResponseHead {
    let line = scanner.start
    let facts = scanner.facts
    guard line.status != 101 else { throw .unexpectedUpgrade }
    if facts.hasTransferCoding, line.minorVersion == 0 { throw .transferCodingInHTTP10 }
    let framing = framing(line.status, facts, method)
    let reason = fields.storage.withUnsafeBytes {
      String(decoding: UnsafeRawBufferPointer(rebasing: $0[line.reason]), as: UTF8.self)
    }
    return ResponseHead(
      status: line.status, reason: reason, minorVersion: line.minorVersion, fields: fields,
      framing: framing,
      keepAlive: framing != .untilClose && facts.keepAlive(minorVersion: line.minorVersion))
  }

  /// RFC 9112 section 6.3.
  private static func framing(
    _ status: Int, _ facts: FramingFacts, _ method: String
  ) -> BodyFraming {
    if method == "HEAD" || status < 200 || status == 204 || status == 304 { return .none }
    if facts.hasTransferCoding { return .chunked }
    return facts.length.map { .length($0) } ?? .untilClose
  }
}
