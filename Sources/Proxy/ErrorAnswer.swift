import Bytes
import EventLoop
import Wire

/// A response of the proxy's own, in the form in which the API that was called reports errors, so
/// that agents show the message instead of failing to parse it.
enum ErrorAnswer {
  /// Whose error object to use.
  enum Dialect {
    case openAI, anthropic

    init(head: RequestHead?) {
      guard let head else {
        self = .openAI
        return
      }
      let isAnthropic =
        head.fields.contains("anthropic-version") || containsMessages(head.path.utf8)
      self = isAnthropic ? .anthropic : .openAI
    }
  }

  private static func containsMessages(_ path: String.UTF8View) -> Bool {
    let wanted = Array("/v1/messages".utf8)
    var rest = path[...]
    while let slash = rest.firstIndex(of: UInt8(ascii: "/")) {
      rest = rest[slash...]
      if rest.starts(with: wanted) { return true }
      rest = rest.dropFirst()
    }
    return false
  }

  static func append(
    status: Int, reason: String, to head: RequestHead?, closing: Bool, into buffer: ByteBuffer
  ) {
    let body = body(status: status, reason: reason, dialect: Dialect(head: head))
    buffer.append("HTTP/1.1 \(status) \(phrase(status))\r\n")
    buffer.append("Date: \(HTTPDate.text(seconds: Loop.wallMillis() / 1000))\r\n")
    buffer.append("Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n")
    // RFC 9110 section 15.5.2 asks for it.
    if status == 401 { buffer.append("WWW-Authenticate: Bearer realm=\"holdfast\"\r\n") }
    // Section 15.5.6: what the proxy answers in an upstream's place.
    if status == 405 { buffer.append("Allow: OPTIONS\r\n") }
    if status == 503 { buffer.append("Retry-After: 1\r\n") }
    if closing {
      buffer.append("Connection: close\r\n")
    } else if head?.minorVersion == 0 {
      buffer.append("Connection: keep-alive\r\n")
    }
    buffer.append("\r\n")
    if head?.method != "HEAD" { buffer.append(body) }
  }

  /// A response without a body.
  static func appendEmpty(closing: Bool, into buffer: ByteBuffer) {
    buffer.append("HTTP/1.1 204 No Content\r\n")
    buffer.append("Date: \(HTTPDate.text(seconds: Loop.wallMillis() / 1000))\r\n")
    buffer.append(closing ? "Connection: close\r\n\r\n" : "\r\n")
  }

  private static func phrase(_ status: Int) -> String {
    switch status {
    case 508: "Loop Detected"
    default: ResponseHead.reasonPhrase(for: status)
    }
  }

  static func body(status: Int, reason: String, dialect: Dialect) -> String {
    let message = escaped("holdfast: " + reason)
    switch dialect {
    case .openAI:
      let type = status < 500 ? "invalid_request_error" : "server_error"
      return
        #"{"error":{"message":"\#(message)","type":"\#(type)","param":null,"code":"\#(code(status))"}}"#
    case .anthropic:
      return
        #"{"type":"error","error":{"type":"\#(anthropicType(status))","message":"\#(message)"}}"#
    }
  }

  private static func code(_ status: Int) -> String {
    switch status {
    case 401: "invalid_client_token"
    case 408: "request_timeout"
    case 413: "request_too_large"
    case 414: "uri_too_long"
    case 431: "headers_too_large"
    case 502: "upstream_unavailable"
    case 503: "overloaded"
    case 504: "upstream_timeout"
    case 508: "loop_detected"
    default: status < 500 ? "bad_request" : "proxy_error"
    }
  }

  private static func anthropicType(_ status: Int) -> String {
    switch status {
    case 401: "authentication_error"
    case 413: "request_too_large"
    case 503: "overloaded_error"
    case 504: "timeout_error"
    default: status < 500 ? "invalid_request_error" : "api_error"
    }
  }

  private static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20: result += " "
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
