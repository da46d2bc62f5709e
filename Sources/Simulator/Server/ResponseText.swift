import Wire

/// Heads and short bodies of the server's answers.
enum ResponseText {
  /// How long a body is, or that it comes in chunks.
  enum Length { case known(Int), chunked }

  /// - Parameter keeps: number of requests the connection still takes; nil when it is closed.
  static func head(
    status: Int, contentType: StaticString, length: Length, keeps: Int?, options: SimulatorOptions
  ) -> [UInt8] {
    var text = JSONText()
    text.raw("HTTP/1.1 ")
    text.integer(status)
    text.raw(" ")
    text.raw(ResponseHead.reasonPhrase(for: status))
    if options.kind == .llamaCpp {
      text.raw("\r\nServer: llama.cpp\r\nAccess-Control-Allow-Origin: ")
    }
    text.raw("\r\nContent-Type: ")
    text.raw(contentType)
    switch length {
    case .known(let count):
      text.raw("\r\nContent-Length: ")
      text.integer(count)
    case .chunked: text.raw("\r\nX-Accel-Buffering: no\r\nTransfer-Encoding: chunked")
    }
    if let keeps {
      text.raw("\r\nKeep-Alive: timeout=")
      text.integer(max(1, options.idleMillis / 1000))
      text.raw(", max=")
      text.integer(keeps)
    } else {
      text.raw("\r\nConnection: close")
    }
    text.raw("\r\n\r\n")
    return text.bytes
  }

  static func error(_ error: RequestError) -> [UInt8] {
    var text = JSONText()
    text.raw("{\"error\":{\"code\":")
    text.integer(error.status)
    text.raw(",\"message\":")
    text.quoted(error.message)
    text.raw(",\"type\":")
    text.quoted(error.kind.rawValue)
    if error.kind == .contextSize {
      text.raw(",\"n_prompt_tokens\":")
      text.integer(error.promptTokens)
      text.raw(",\"n_ctx\":")
      text.integer(error.contextTokens)
    }
    text.raw("}}")
    return text.bytes
  }

  /// One chunk of a chunked body (RFC 9112 section 7.1).
  static func chunk(_ bytes: [UInt8]) -> [UInt8] {
    Array(String(bytes.count, radix: 16).utf8) + [0x0D, 0x0A] + bytes + [0x0D, 0x0A]
  }

  static let lastChunk = Array("0\r\n\r\n".utf8)
}
