import Bytes
import TurnCoding
import Wire

/// Why a control socket could not be used.
public enum ControlClientFault: Error, Equatable, Sendable {
  /// Nobody answers there; why.
  case unreachable(String)
  /// The answer was an error; what it says.
  case refused(status: Int, message: String)
  /// What came is no answer of a control socket.
  case malformed(String)
  /// The proxy speaks another version of the form.
  case version(Int, program: String)
  /// The connection ended.
  case ended
}

/// Turns the bytes of an answer to `GET /events` into messages. Pure; its counterpart on the other
/// side is `EventFeed`.
struct EventStreamReader {
  /// A line that is longer is no message of ours.
  private static let maxLineBytes = 16 << 20

  private var parser = ResponseHeadParser()
  private var decoder: ChunkedDecoder?
  private var line: [UInt8] = []

  /// - Parameter body: gets each message; a line that is none counts as one that was lost.
  mutating func consume(
    _ bytes: UnsafeRawBufferPointer, _ body: (StreamMessage) -> Void
  ) throws(ControlClientFault) {
    var rest = bytes
    if decoder == nil {
      guard let head = try readHead(&rest) else { return }
      guard head.status == 200 else { throw ControlAnswer.fault(status: head.status, rest) }
      decoder = ChunkedDecoder()
    }
    var part: [UInt8] = []
    do throws(WireError) {
      _ = try decoder?.consume(rest) { part += $0 }
    } catch {
      throw .malformed(error.reason)
    }
    try take(part[...], body)
    if decoder?.isFinished == true { throw .ended }
  }

  private mutating func readHead(
    _ rest: inout UnsafeRawBufferPointer
  ) throws(ControlClientFault) -> ResponseHead? {
    do throws(WireError) {
      let (consumed, head) = try parser.consume(rest, requestMethod: "GET")
      rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
      return head
    } catch {
      throw .malformed(error.reason)
    }
  }

  private mutating func take(
    _ bytes: ArraySlice<UInt8>, _ body: (StreamMessage) -> Void
  ) throws(ControlClientFault) {
    var rest = bytes
    while let end = rest.firstIndex(of: 0x0A) {
      line += rest[..<end]
      rest = rest[(end + 1)...]
      let message = line.withUnsafeBytes { StreamMessage(line: $0) } ?? .lost(1)
      line.removeAll(keepingCapacity: line.capacity < 1 << 20)
      if case .hello(let hello) = message, hello.version != StreamHello.currentVersion {
        throw .version(hello.version, program: hello.program)
      }
      body(message)
    }
    line += rest
    if line.count > Self.maxLineBytes { throw .malformed("a line without an end") }
  }
}

/// The answer to a command.
enum ControlAnswer {
  /// - Returns: nil while the answer is not complete.
  static func read(_ bytes: [UInt8]) throws(ControlClientFault) -> Bool? {
    let buffer = ByteBuffer(copying: bytes)
    defer { withExtendedLifetime(buffer) {} }
    var parser = ResponseHeadParser()
    var length = 0
    var status = 0
    let body: ArraySlice<UInt8>
    do throws(WireError) {
      let (consumed, head) = try parser.consume(buffer.bytes, requestMethod: "POST")
      guard let head else { return nil }
      status = head.status
      if case .length(let count) = head.framing { length = count }
      body = bytes[consumed...]
    } catch {
      throw .malformed(error.reason)
    }
    guard body.count >= length else { return nil }
    guard status == 200 else { throw body.withUnsafeBytes { fault(status: status, $0) } }
    return true
  }

  static func fault(status: Int, _ body: UnsafeRawBufferPointer) -> ControlClientFault {
    let message = JSONValue(body)?["error"]?["message"]?.string
    return .refused(status: status, message: message ?? "it answered \(status)")
  }
}
