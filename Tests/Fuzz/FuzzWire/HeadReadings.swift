import Bytes
import Wire

let fuzzLimits = HTTPLimits(
  requestLineBytes: 128, headerBytes: 512, headerCount: 12, chunkLineBytes: 24, trailerBytes: 64)

struct RequestReading: Reading {
  var parser = RequestHeadParser(limits: fuzzLimits)
  var heads: [RequestHead] = []
  var error: WireError?

  init() {}

  mutating func feed(_ piece: UnsafeRawBufferPointer) {
    var rest = piece
    while error == nil, !rest.isEmpty {
      do throws(WireError) {
        let (consumed, head) = try parser.consume(rest)
        precondition(consumed <= rest.count && (head != nil || consumed == rest.count))
        if let head { heads.append(head) }
        rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
      } catch {
        self.error = error
      }
    }
  }

  static func == (a: RequestReading, b: RequestReading) -> Bool {
    a.error == b.error && a.heads.map(text) == b.heads.map(text)
  }

  private static func text(_ head: RequestHead) -> String {
    "\(head.method) \(head.target) \(head.minorVersion) \(head.framing) \(head.keepAlive)"
      + " \(head.expectsContinue)\n" + lines(head.fields)
  }

  /// A second reader of what is forwarded sees one request with the framing that was decided.
  func check() {
    for head in heads {
      var length: Int?
      if case .length(let announced) = head.framing { length = announced }
      let out = ByteBuffer(capacity: 256)
      HTTPSerializer.appendRequest(
        head: head, target: head.target, host: "upstream", bodyLength: length, to: out)
      var second = RequestHeadParser()
      guard let (consumed, read) = try? second.consume(out.bytes), let read else {
        preconditionFailure("a forwarded request is refused")
      }
      precondition(consumed == out.count, "a forwarded head ends early")
      precondition(read.framing == length.map { .length($0) } ?? .none)
      precondition(read.target == head.target && read.method == head.method)
      precondition(read.fields.all("host") == ["upstream"])
      precondition(!read.fields.contains("connection") && !read.fields.contains("upgrade"))
    }
  }
}

struct ResponseReading: Reading {
  var parser = ResponseHeadParser(limits: fuzzLimits)
  var heads: [ResponseHead] = []
  var error: WireError?

  init() {}

  mutating func feed(_ piece: UnsafeRawBufferPointer) {
    var rest = piece
    while error == nil, !rest.isEmpty {
      do throws(WireError) {
        let (consumed, head) = try parser.consume(rest, requestMethod: "POST")
        precondition(consumed <= rest.count && (head != nil || consumed == rest.count))
        if let head { heads.append(head) }
        rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
      } catch {
        self.error = error
      }
    }
  }

  static func == (a: ResponseReading, b: ResponseReading) -> Bool {
    a.error == b.error && a.heads.map(text) == b.heads.map(text)
  }

  private static func text(_ head: ResponseHead) -> String {
    "\(head.status) \(head.reason) \(head.minorVersion) \(head.framing) \(head.keepAlive)\n"
      + lines(head.fields)
  }

  func check() {
    for head in heads {
      let out = ByteBuffer(capacity: 256)
      HTTPSerializer.appendResponse(head: head, framing: head.framing, closing: false, to: out)
      var second = ResponseHeadParser()
      guard let (consumed, read) = try? second.consume(out.bytes, requestMethod: "POST"), let read
      else { preconditionFailure("a forwarded response is refused") }
      precondition(consumed == out.count, "a forwarded head ends early")
      precondition(read.framing == head.framing && read.status == head.status)
    }
  }
}

func lines(_ fields: HeaderFields) -> String {
  var text = ""
  fields.forEach { name, value in
    text += String(decoding: name, as: UTF8.self) + "|" + String(decoding: value, as: UTF8.self)
    text += "\n"
  }
  return text
}
