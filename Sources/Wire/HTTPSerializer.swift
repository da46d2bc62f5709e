public import Bytes

/// Writes heads that go to the other side of the proxy. Hop-by-hop fields and fields that Connection
/// names are dropped, framing is made anew, Via is added (RFC 9110 section 7.6); every other field
/// line keeps its bytes and its place.
public enum HTTPSerializer {
  /// The name that the proxy gives itself in Via.
  public static let pseudonym = "holdfast"

  /// Appends a request head for an upstream. The body was received in whole, so that its length is
  /// known and an expectation of 100 (Continue) is already met.
  /// - Parameters:
  ///   - target: what the upstream is asked for, see `UpstreamURL.target(for:)`. Must be made of URI
  ///     characters, as every parsed target is.
  ///   - host: value of Host, see `UpstreamURL.hostHeader`.
  ///   - bodyLength: nil if there is no body and the method does not suggest one.
  ///   - pseudonym: the name in Via, a token; one that is unique to the process lets it recognise
  ///     its own requests.
  ///   - proxyAuthorization: what the next proxy wants to see; free of control bytes.
  ///   - extra: fields to add at the end. Those with control bytes or names that are no tokens, and
  ///     those that concern framing, routing or the connection, are left out.
  ///   - omitting: names, in lower case, of fields to drop.
  public static func appendRequest(
    head: RequestHead, target: String, host: String, bodyLength: Int?,
    pseudonym: String = pseudonym, proxyAuthorization: String? = nil,
    extra: [(String, String)] = [], omitting: [StaticString] = [], to out: ByteBuffer
  ) {
    out.reserve(head.fields.storage.count + target.utf8.count + host.utf8.count + 160)
    out.append(head.method)
    out.append(" ")
    out.append(target)
    out.append(" HTTP/1.1\r\nHost: ")
    out.append(host)
    out.append("\r\n")
    appendFields(head.fields, omitting: omitting, to: out) { $0 == .other || $0 == .expect }
    if let bodyLength { appendLength(bodyLength, to: out) }
    appendVia(head.minorVersion, pseudonym, to: out)
    if let proxyAuthorization {
      out.append("Proxy-Authorization: ")
      out.append(proxyAuthorization)
      out.append("\r\n")
    }
    appendExtra(extra, to: out)
    out.append("\r\n")
  }

  /// Appends a response head for a client.
  /// - Parameters:
  ///   - framing: how the body is sent to this client. With `.none` a Content-Length of the head is
  ///     kept where it may stand: it then describes the response to a GET (RFC 9110 section 8.6).
  ///   - closing: whether the connection ends with this response.
  ///   - clientMinorVersion: 0 has the connection kept open only on an explicit `keep-alive`.
  ///   - forwarded: false for a response that the proxy itself made, which passes no Via.
  ///   - extra: as for requests.
  public static func appendResponse(
    head: ResponseHead, framing: BodyFraming, closing: Bool, clientMinorVersion: Int = 1,
    forwarded: Bool = true, extra: [(String, String)] = [], to out: ByteBuffer
  ) {
    out.reserve(head.fields.storage.count + head.reason.utf8.count + 192)
    out.append("HTTP/1.1 ")
    out.append(decimal: max(0, head.status))
    out.append(" ")
    appendReason(head.reason, to: out)
    out.append("\r\n")
    let keepsLength = framing == .none && head.status >= 200 && head.status != 204
    appendFields(head.fields, to: out) {
      $0 == .other || $0 == .host || $0 == .expect || (keepsLength && $0 == .contentLength)
    }
    switch framing {
    case .none, .untilClose: break
    case .length(let length): appendLength(length, to: out)
    case .chunked: out.append("Transfer-Encoding: chunked\r\n")
    }
    if closing || framing == .untilClose {
      out.append("Connection: close\r\n")
    } else if clientMinorVersion == 0 {
      out.append("Connection: keep-alive\r\n")
    }
    if forwarded { appendVia(head.minorVersion, pseudonym, to: out) }
    appendExtra(extra, to: out)
    out.append("\r\n")
  }

  /// Appends the lines of `fields` whose kind `keeps` accepts, but for nominated ones and
  /// `omitting`. Neighbouring lines go out in one copy. A fulfilled 100-continue is dropped.
  static func appendFields(
    _ fields: HeaderFields, omitting: [StaticString] = [], to out: ByteBuffer,
    _ keeps: (FieldKind) -> Bool
  ) {
    fields.storage.withUnsafeBytes { bytes in
      let nominates = HopByHop.hasNominations(bytes, fields.lines)
      var run = 0..<0
      for line in fields.lines {
        var isKept = keeps(line.kind)
        if isKept, line.kind == .expect {
          isKept = !equalIgnoringCase(bytes, line.value, "100-continue")
        }
        if isKept, nominates {
          let name = UnsafeRawBufferPointer(rebasing: bytes[line.name])
          isKept = !HopByHop.isNominated(name, bytes, fields.lines)
        }
        if isKept, !omitting.isEmpty {
          isKept = !omitting.contains { equalIgnoringCase(bytes, line.name, $0) }
        }
        guard isKept else { continue }
        if run.upperBound == Int(line.start) {
          run = run.lowerBound..<Int(line.end)
        } else {
          out.append(UnsafeRawBufferPointer(rebasing: bytes[run]))
          run = Int(line.start)..<Int(line.end)
        }
      }
      out.append(UnsafeRawBufferPointer(rebasing: bytes[run]))
    }
  }

  private static func appendLength(_ length: Int, to out: ByteBuffer) {
    out.append("Content-Length: ")
    out.append(decimal: length)
    out.append("\r\n")
  }

  private static func appendVia(_ minorVersion: Int, _ pseudonym: String, to out: ByteBuffer) {
    out.append(minorVersion == 0 ? "Via: 1.0 " : "Via: 1.1 ")
    out.append(pseudonym)
    out.append("\r\n")
  }

  private static func appendExtra(_ extra: [(String, String)], to out: ByteBuffer) {
    for (name, value) in extra where FieldText.kind(of: name) == .other {
      _ = FieldText.append(name: name, value: value, to: out)
    }
  }

  /// A phrase of a parsed head holds no control bytes, a self-made one might.
  private static func appendReason(_ reason: String, to out: ByteBuffer) {
    guard !reason.utf8.contains(where: { $0 < 0x20 && $0 != ByteClass.tab || $0 == 0x7F }) else {
      return
    }
    out.append(reason)
  }
}
