/// Why a message was refused. After any of these the position in the byte stream is unknown: the
/// connection must be closed.
public enum WireError: Error, Equatable, Sendable {
  // Start line
  case requestLineTooLong(limit: Int)
  case malformedRequestLine
  case malformedTarget
  case connectNotSupported
  case unsupportedVersion
  case malformedStatusLine
  case statusLineTooLong(limit: Int)
  case unexpectedUpgrade

  // Field lines
  case headerTooLarge(limit: Int)
  case tooManyFields(limit: Int)
  case bareLineFeed
  case bareCarriageReturn
  case controlByte
  case malformedFieldName
  case whitespaceBeforeColon
  case obsoleteLineFolding

  // Routing and connection fields
  case missingHost
  case repeatedHost
  case malformedHost
  case hostMismatch
  case malformedConnection

  // Framing
  case malformedLength
  case repeatedLength
  case lengthAndTransferCoding
  case malformedTransferCoding
  case unsupportedTransferCoding
  case transferCodingInHTTP10

  // Chunked body
  case malformedChunkSize
  case malformedChunkExtension
  case malformedChunkEnd
  case chunkLineTooLong(limit: Int)
  case trailerTooLarge(limit: Int)
  case bodyTooLarge(limit: Int)

  /// The status that answers a request with this fault. A response with this fault is a 502
  /// whatever the cause.
  public var status: Int {
    switch self {
    case .requestLineTooLong: 414
    case .headerTooLarge, .tooManyFields, .trailerTooLarge: 431
    case .bodyTooLarge: 413
    case .connectNotSupported, .unsupportedTransferCoding: 501
    case .unsupportedVersion: 505
    default: 400
    }
  }

  /// The cause in a few words, without a byte of the input.
  public var reason: String {
    switch self {
    case .requestLineTooLong(let limit): "request line is longer than \(limit) bytes"
    case .malformedRequestLine: "malformed request line"
    case .malformedTarget: "malformed request target"
    case .connectNotSupported: "CONNECT is not supported"
    case .unsupportedVersion: "HTTP version is not supported"
    case .malformedStatusLine: "malformed status line"
    case .statusLineTooLong(let limit): "status line is longer than \(limit) bytes"
    case .unexpectedUpgrade: "protocol switch that was not asked for"
    case .headerTooLarge(let limit): "header section is larger than \(limit) bytes"
    case .tooManyFields(let limit): "more than \(limit) header fields"
    case .bareLineFeed: "line feed without carriage return"
    case .bareCarriageReturn: "carriage return without line feed"
    case .controlByte: "control character in a header field"
    case .malformedFieldName: "malformed header field name"
    case .whitespaceBeforeColon: "white space before the colon of a header field"
    case .obsoleteLineFolding: "folded header field"
    case .missingHost: "Host is missing"
    case .repeatedHost: "more than one Host"
    case .malformedHost: "malformed Host"
    case .hostMismatch: "Host differs from the request target"
    case .malformedConnection: "malformed Connection"
    case .malformedLength: "malformed Content-Length"
    case .repeatedLength: "more than one Content-Length"
    case .lengthAndTransferCoding: "Content-Length together with Transfer-Encoding"
    case .malformedTransferCoding: "malformed Transfer-Encoding"
    case .unsupportedTransferCoding: "transfer coding is not supported"
    case .transferCodingInHTTP10: "Transfer-Encoding in HTTP/1.0"
    case .malformedChunkSize: "malformed chunk size"
    case .malformedChunkExtension: "malformed chunk extension"
    case .malformedChunkEnd: "chunk does not end where its size says"
    case .chunkLineTooLong(let limit): "chunk line is longer than \(limit) bytes"
    case .trailerTooLarge(let limit): "trailer section is larger than \(limit) bytes"
    case .bodyTooLarge(let limit): "body is larger than \(limit) bytes"
    }
  }
}
