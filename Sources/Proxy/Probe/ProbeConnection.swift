import Bytes
import EventLoop
import TLS
import Wire

/// One question on a connection of its own, which is closed with the answer. It takes none of the
/// pool's connections and says nothing about the upstream's health. Carries no credential of any
/// agent.
final class ProbeConnection: StreamDelegate {
  private let request: ProbeRequest
  private let pool: UpstreamPool
  private let memory: LoopMemory
  private let done: (ProbeOutcome) -> Void
  private var connector: UpstreamConnector?
  private var stream: (any ByteStream)?
  private var reader: ResponseReader
  private var head: ResponseHead?
  private let body = ByteBuffer(capacity: 4096)
  private var interims = 0
  private var deadline: Timer?
  private var isOver = false

  private static let maxInterims = 16

  /// `done` is called once and never from inside this call; not at all after `cancel`.
  init(
    _ request: ProbeRequest, to pool: UpstreamPool, loop: Loop, memory: LoopMemory,
    connectDeadlines: DeadlineQueue, limits: HTTPLimits, _ done: @escaping (ProbeOutcome) -> Void
  ) {
    self.request = request
    self.pool = pool
    self.memory = memory
    self.done = done
    reader = ResponseReader(limits: limits, requestMethod: request.body == nil ? "GET" : "POST")
    let deadline = Timer(loop: loop) { [unowned self] in finish(.failed(reason: "no answer")) }
    self.deadline = deadline
    deadline.start(afterMillis: request.timeoutMillis)
    connector = UpstreamConnector(
      loop: loop, route: pool.route, names: pool.names, deadlines: connectDeadlines
    ) {
      [self] result in
      connector = nil
      switch result {
      case .success(let stream): begin(stream)
      case .failure(let failure): finish(.failed(reason: failure.reason))
      }
    }
  }

  func cancel() {
    isOver = true
    deadline?.close()
    deadline = nil
    connector?.cancel()
    connector = nil
    stream?.close()
    stream = nil
  }

  private func begin(_ stream: any ByteStream) {
    self.stream = stream
    stream.delegate = self
    let head = ByteBuffer(capacity: 512)
    head.append(request.body == nil ? "GET " : "POST ")
    head.append(pool.probeTarget(request.path))
    head.append(" HTTP/1.1\r\nHost: ")
    head.append(pool.host)
    head.append("\r\nUser-Agent: holdfast\r\nAccept: application/json\r\nConnection: close\r\n")
    // RFC 9110 section 7.6.3: a proxy that meets its own name refuses the request.
    head.append("Via: 1.1 \(ProcessToken.pseudonym)\r\n")
    if let authorization = pool.route.authorization {
      head.append("Proxy-Authorization: \(authorization)\r\n")
    }
    if let body = request.body {
      head.append("Content-Type: application/json\r\nContent-Length: \(body.count)\r\n")
    }
    head.append("\r\n")
    stream.startReading()
    stream.write([ByteSlice(head)] + (request.body.map { [ByteSlice($0)] } ?? []))
  }

  private func finish(_ outcome: ProbeOutcome) {
    guard !isOver else { return }
    cancel()
    done(outcome)
  }

  // MARK: Stream

  func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { memory.slab }

  func stream(_ stream: TCPStream, didRead count: Int) {
    do throws(WireError) {
      try read(UnsafeRawBufferPointer(rebasing: memory.slab[..<count]))
    } catch {
      finish(.failed(reason: "no valid HTTP: \(error.reason)"))
    }
  }

  private func read(_ bytes: UnsafeRawBufferPointer) throws(WireError) {
    var rest = bytes
    while reader.isReadingHead {
      let (consumed, head) = try reader.consumeHead(rest)
      guard let head else { return }
      rest = UnsafeRawBufferPointer(rebasing: rest[consumed...])
      interims += 1
      if interims > ProbeConnection.maxInterims {
        return finish(.failed(reason: "too many interim responses"))
      }
      if !head.isInformational { self.head = head }
    }
    var pieces: [UnsafeRawBufferPointer] = []
    _ = try reader.consumeBody(rest, &pieces)
    for piece in pieces {
      guard body.count + piece.count <= request.maxAnswerBytes else {
        return finish(.failed(reason: "the answer is too long"))
      }
      body.append(piece)
    }
    if reader.isComplete { complete() }
  }

  private func complete() {
    guard let head else { return }
    finish(.answered(status: head.status, fields: head.fields, body: body))
  }

  func streamDidEnd(_ stream: TCPStream) {
    if reader.endsWithConnection { complete() }
    finish(.failed(reason: "connection closed"))
  }

  func stream(_ stream: TCPStream, failed error: UVError) {
    // What the upstream said before it stopped listening may still be read.
    if error.operation != .write { finish(.failed(reason: error.message)) }
  }

  func streamDidDrain(_ stream: TCPStream) {}
}
