/// Fields that the proxy acts on. Everything else is carried through unread.
enum FieldKind: UInt8 {
  case other
  case host
  case contentLength
  case transferEncoding
  case connection
  case expect
  /// Fields that concern one connection only and are never forwarded, other than the above.
  case hopByHop

  /// - Parameter name: a range of `bytes` that holds a token.
  @inline(__always)
  init(_ bytes: UnsafeRawBufferPointer, _ name: Range<Int>) {
    self = Self.recognise(bytes, name)
  }

  private static func recognise(_ bytes: UnsafeRawBufferPointer, _ name: Range<Int>) -> FieldKind {
    switch name.count {
    case 2:
      equalIgnoringCase(bytes, name, "te") ? .hopByHop : .other
    case 4:
      equalIgnoringCase(bytes, name, "host") ? .host : .other
    case 6:
      equalIgnoringCase(bytes, name, "expect") ? .expect : .other
    case 7:
      equalIgnoringCase(bytes, name, "upgrade") || equalIgnoringCase(bytes, name, "trailer")
        ? .hopByHop : .other
    case 10:
      equalIgnoringCase(bytes, name, "connection")
        ? .connection : equalIgnoringCase(bytes, name, "keep-alive") ? .hopByHop : .other
    case 14:
      equalIgnoringCase(bytes, name, "content-length") ? .contentLength : .other
    case 16:
      equalIgnoringCase(bytes, name, "proxy-connection") ? .hopByHop : .other
    case 17:
      equalIgnoringCase(bytes, name, "transfer-encoding") ? .transferEncoding : .other
    case 18:
      equalIgnoringCase(bytes, name, "proxy-authenticate") ? .hopByHop : .other
    case 19:
      equalIgnoringCase(bytes, name, "proxy-authorization") ? .hopByHop : .other
    case 25:
      equalIgnoringCase(bytes, name, "proxy-authentication-info") ? .hopByHop : .other
    default: .other
    }
  }
}
