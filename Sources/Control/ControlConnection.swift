import Bytes
import EventLoop
import Prefix
import TurnCoding
import Turns
import Wire

/// One client of a control socket: reads requests and answers them one after the other, or sends
/// events until it leaves.
final class ControlConnection: StreamDelegate {
  private enum State {
    case head
    case body(RequestHead, ControlRoute, [UInt8], missing: Int)
    /// A command is being carried out.
    case waiting
    case streaming
    /// Closes once everything is written.
    case closing
    case closed
  }

  private let server: ControlServer
  private let stream: TCPStream
  let surface: ControlSurface
  private var state = State.head
  private var parser = RequestHeadParser(
    limits: HTTPLimits(requestLineBytes: 8_192, headerBytes: 16_384, headerCount: 64))
  private var idle: EventLoop.Timer?
  /// Bytes behind the request that is being answered.
  private var pending: [UInt8] = []
  private var feed: EventFeed?
  private var isChunked = true
  private var isPaused = false

  /// Above this much unsent output no more events are handed over: they wait where the oldest can be
  /// dropped.
  private static let maxQueuedBytes = 256 * 1024
  private static let chunkBytes = 32 * 1024

  init(server: ControlServer, stream: TCPStream, surface: ControlSurface) {
    self.server = server
    self.stream = stream
    self.surface = surface
  }

  func start(isRefused: Bool) {
    stream.delegate = self
    idle = EventLoop.Timer(loop: server.loop) { [unowned self] in close() }
    waitForRequest()
    stream.startReading()
    if isRefused {
      refuse(ControlRefusal(status: 503, reason: "too many connections"), closing: true)
    }
  }

  private func waitForRequest() {
    state = .head
    idle?.start(afterMillis: server.configuration.idleMillis)
  }

  // MARK: Stream

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { server.readBuffer }

  func stream(_ stream: TCPStream, didRead count: Int) {
    consume(UnsafeRawBufferPointer(rebasing: server.readBuffer[..<count]))
  }

  func streamDidEnd(_ stream: TCPStream) {
    switch state {
    // A client that shows the end of its requests may still want their answers.
    case .waiting: stream.watchForReset()
    case .closing: if stream.queuedBytes == 0 { close() }
    case .head where stream.queuedBytes > 0:
      state = .closing
      finish()
    case .head, .body, .streaming, .closed: close()
    }
  }

  func stream(_ stream: TCPStream, failed error: UVError) { close() }

  func streamDidDrain(_ stream: TCPStream) {
    switch state {
    case .closing: close()
    case .streaming: pump()
    case .head, .body:
      guard isPaused else { return }
      isPaused = false
      stream.startReading()
      consumePending()
    case .waiting, .closed: break
    }
  }

  // MARK: Requests

  private func consume(_ bytes: UnsafeRawBufferPointer) {
    var rest = bytes
    while !rest.isEmpty {
      switch state {
      case .head where stream.queuedBytes > Self.maxQueuedBytes:
        // Whoever asks without taking answers is not asked to go on.
        isPaused = true
        stream.stopReading()
        return stash(rest)
      case .head: readHead(&rest)
      case .body: readBody(&rest)
      case .waiting:
        // Nobody has to send the next request before the answer to this one.
        return stash(rest)
      case .streaming, .closing, .closed: return
      }
    }
  }

  private func stash(_ rest: UnsafeRawBufferPointer) {
    // One read's worth behind a full request.
    guard pending.count + rest.count <= server.configuration.maxBodyBytes + server.readBuffer.count
    else { return close() }
    pending += rest
  }

  private func consumePending() {
    let waiting = pending
    pending = []
    waiting.withUnsafeBytes { consume($0) }
  }

  private func readHead(_ rest: inout UnsafeRawBufferPointer) {
    do throws(WireError) {
      let (consumed, head) = try parser.consume(rest)
      rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
      guard let head else { return }
      idle?.stop()
      begin(head)
    } catch {
      refuse(ControlRefusal(status: error.status, reason: error.reason), closing: true)
    }
  }

  private func begin(_ head: RequestHead) {
    let length: Int
    switch head.framing {
    case .none: length = 0
    case .length(let count): length = count
    case .chunked, .untilClose:
      return refuse(
        ControlRefusal(status: 411, reason: "send the body with a Content-Length"), head,
        closing: true)
    }
    let route: ControlRoute
    do throws(ControlRefusal) {
      guard length <= server.configuration.maxBodyBytes else {
        throw ControlRefusal(
          status: 413, reason: "the body is longer than \(server.configuration.maxBodyBytes) bytes")
      }
      route = try ControlRoute(
        head, surface: surface, isReadOnly: server.configuration.hello.readOnly)
    } catch {
      // A body that nobody wants is not waited for.
      return refuse(error, head, closing: length > 0)
    }
    if length == 0 { return answer(head, route, []) }
    if head.expectsContinue { stream.write(copying: "HTTP/1.1 100 Continue\r\n\r\n") }
    idle?.start(afterMillis: server.configuration.idleMillis)
    state = .body(head, route, [], missing: length)
  }

  private func readBody(_ rest: inout UnsafeRawBufferPointer) {
    guard case .body(let head, let route, var body, let missing) = state else { return }
    let taken = min(missing, rest.count)
    body += rest[..<taken]
    rest = UnsafeRawBufferPointer(rebasing: rest[taken...])
    guard taken == missing else {
      state = .body(head, route, body, missing: missing - taken)
      return
    }
    idle?.stop()
    answer(head, route, body)
  }

  private func answer(_ head: RequestHead, _ route: ControlRoute, _ body: [UInt8]) {
    switch route {
    case .health: respond(head, json: health)
    case .sessions: respond(head, json: SessionsDocument.bytes(server.memory))
    case .metrics:
      guard let text = server.delegate?.metrics() else {
        return refuse(ControlRefusal(status: 503, reason: "there are no figures yet"), head)
      }
      respond(
        head, status: 200, type: "text/plain; version=0.0.4; charset=utf-8", Array(text.utf8))
    case .events: beginEvents(head)
    case .setMode(let session):
      guard let mode = Self.mode(body) else {
        return refuse(
          ControlRefusal(
            status: 400,
            reason: #"the body has to be {"mode":"off"}, {"mode":"safe"} or {"mode":"hold"}"#),
          head)
      }
      var json = JSONObjectWriter()
      json.add("session", session?.description)
      json.add("mode", mode.name)
      carryOut(.setMode(session: session, mode: mode), head, json.finish()) {
        Self.unknown(session)
      }
    case .setRepairs(let session):
      guard let repairs = Self.repairs(body) else {
        return refuse(
          ControlRefusal(
            status: 400,
            reason:
              #"the body has to be {"repairs":"CLASS,..."} with any of \#(RepairSet.all.names)"#),
          head)
      }
      var json = JSONObjectWriter()
      json.add("session", session?.description)
      json.add("repairs", repairs.names)
      carryOut(.setRepairs(session: session, repairs: repairs), head, json.finish()) {
        Self.unknown(session)
      }
    case .drain: carryOut(.drain, head, Self.state("draining"))
    case .stop: carryOut(.stop, head, Self.state("stopping"))
    }
  }

  private static func mode(_ body: [UInt8]) -> PinMode? {
    body.withUnsafeBytes { JSONValue($0) }?["mode"]?.string.flatMap { PinMode(name: $0) }
  }

  private static func repairs(_ body: [UInt8]) -> RepairSet? {
    body.withUnsafeBytes { JSONValue($0) }?["repairs"]?.string.flatMap { RepairSet(names: $0) }
  }

  private static func unknown(_ session: SessionID?) -> ControlRefusal {
    ControlRefusal(status: 404, reason: "there is no session \(session?.description ?? "") here")
  }

  private static func state(_ word: String) -> [UInt8] {
    var json = JSONObjectWriter()
    json.add("status", word)
    return json.finish()
  }

  private var health: [UInt8] {
    let hello = server.configuration.hello
    var json = JSONObjectWriter()
    json.add("status", server.isDraining ? "draining" : "ok")
    json.add("version", hello.program)
    json.add("pid", hello.process)
    json.add("listen", hello.listen)
    json.add("uptime_seconds", Double(max(0, Loop.wallMillis() - hello.startedAt)) / 1000)
    json.add("read_only", hello.readOnly)
    if surface == .everything {
      json.add("mode", server.memory.defaultMode.name)
      json.add("sessions", server.sessionCount)
      json.add("in_flight", server.turnsInFlight)
      json.add("attached", server.subscriberCount)
    }
    return json.finish()
  }

  private func carryOut(
    _ command: ProxyCommand, _ head: RequestHead, _ json: [UInt8],
    orElse refusal: @escaping () -> ControlRefusal = {
      ControlRefusal(status: 503, reason: "the proxy does not take commands")
    }
  ) {
    guard let delegate = server.delegate else { return refuse(refusal(), head) }
    state = .waiting
    delegate.control(command) { [self] isDone in
      guard case .waiting = state else { return }
      if isDone { respond(head, json: json) } else { refuse(refusal(), head) }
      consumePending()
    }
  }

  // MARK: Responses

  private func refuse(_ refusal: ControlRefusal, _ head: RequestHead? = nil, closing: Bool = false)
  {
    var error = JSONObjectWriter()
    error.add("status", refusal.status)
    error.add("message", refusal.reason)
    var json = JSONObjectWriter()
    json.add("error", json: error.finish())
    respond(
      head, status: refusal.status, type: "application/json", json.finish() + [0x0A],
      closing: closing, fields: refusal.allow.map { [("Allow", $0)] } ?? [])
  }

  private func respond(_ head: RequestHead, json: [UInt8]) {
    respond(head, status: 200, type: "application/json", json + [0x0A])
  }

  private func respond(
    _ head: RequestHead?, status: Int, type: String, _ body: [UInt8], closing: Bool = false,
    fields: [(String, String)] = []
  ) {
    let isLast = closing || !(head?.keepAlive ?? false)
    let out = ByteBuffer(capacity: body.count + 256)
    HTTPSerializer.appendResponse(
      head: ResponseHead(status: status), framing: .length(body.count), closing: isLast,
      clientMinorVersion: head?.minorVersion ?? 1, forwarded: false,
      extra: [("Content-Type", type), ("Cache-Control", "no-store")] + fields, to: out)
    if head?.method != "HEAD" { body.withUnsafeBytes { out.append($0) } }
    if isLast { state = .closing } else { waitForRequest() }
    stream.write(copying: out.bytes)
    if isLast { finish() }
  }

  private func finish() {
    // A client that never reads its answer does not hold the connection for ever.
    idle?.start(afterMillis: server.configuration.idleMillis)
    if stream.queuedBytes == 0 { close() }
  }

  // MARK: Events

  private func beginEvents(_ head: RequestHead) {
    isChunked = head.minorVersion >= 1
    let out = ByteBuffer(capacity: 256)
    HTTPSerializer.appendResponse(
      head: ResponseHead(status: 200), framing: isChunked ? .chunked : .untilClose, closing: true,
      clientMinorVersion: head.minorVersion, forwarded: false,
      extra: [("Content-Type", "application/x-ndjson"), ("Cache-Control", "no-store")], to: out)
    stream.write(copying: out.bytes)
    guard head.method != "HEAD" else {
      state = .closing
      return finish()
    }
    state = .streaming
    let feed = server.subscribe(self)
    self.feed = feed
    feed.onLine = { [unowned self] in pump() }
    pump()
  }

  /// Hands lines over as long as the reader keeps up.
  private func pump() {
    guard let feed, case .streaming = state else { return }
    while stream.queuedBytes < Self.maxQueuedBytes {
      var part: [UInt8] = []
      while part.count < Self.chunkBytes, let line = feed.next() { part += line }
      guard !part.isEmpty else { return }
      let out = ByteBuffer(capacity: part.count + 16)
      if isChunked { out.append("\(String(part.count, radix: 16))\r\n") }
      part.withUnsafeBytes { out.append($0) }
      if isChunked { out.append("\r\n") }
      stream.write(copying: out.bytes)
    }
  }

  /// The proxy ends: a reader of events is told that this is all.
  func end() {
    if case .streaming = state, isChunked { stream.write(copying: "0\r\n\r\n") }
    close()
  }

  func close() {
    if case .closed = state { return }
    state = .closed
    feed?.onLine = nil
    feed = nil
    idle?.close()
    idle = nil
    stream.close()
    server.closed(self)
  }
}
