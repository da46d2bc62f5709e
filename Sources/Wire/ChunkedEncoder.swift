public import Bytes

/// Writes a chunked body (RFC 9112 section 7.1). Its counterpart is `ChunkedDecoder`.
public enum ChunkedEncoder {
  /// Appends `chunk` as one chunk. An empty one is left out, for it would end the body.
  public static func append(chunk: UnsafeRawBufferPointer, to out: ByteBuffer) {
    guard !chunk.isEmpty else { return }
    out.reserve(chunk.count + 24)
    appendSize(chunk.count, to: out)
    out.append(chunk)
    out.append("\r\n")
  }

  /// Appends what stands in front of the data of a chunk, for writers that do not copy the data.
  /// CRLF must follow the data. `count` must be above 0.
  static func appendSize(_ count: Int, to out: ByteBuffer) {
    precondition(count > 0, "an empty chunk ends the body")
    out.append(hexadecimal: count)
    out.append("\r\n")
  }

  /// Appends the last chunk and the trailer section. Of `trailers`, fields that concern framing,
  /// routing or one connection are left out (RFC 9110 section 6.5.1).
  public static func appendEnd(trailers: HeaderFields = HeaderFields(), to out: ByteBuffer) {
    out.append("0\r\n")
    HTTPSerializer.appendFields(trailers, to: out) { $0 == .other }
    out.append("\r\n")
  }
}
