import Bytes
public import EventLoop
import Prefix
public import TurnCoding
public import Turns

/// The other end of a control socket: reads its stream of events and hands commands over. Belongs to
/// the thread of its loop.
public final class ControlClient {
  private let loop: Loop
  private let path: String
  private var events: Connection?
  private var calls: [ObjectIdentifier: Connection] = [:]

  /// Commands that wait for their answer at a time.
  private static let maxCalls = 16

  public init(loop: Loop, path: String) {
    self.loop = loop
    self.path = path
  }

  /// Asks for events.
  /// - Parameters:
  ///   - message: gets each message, beginning with the greeting.
  ///   - ended: called once, when there will be no more; not after `close`.
  public func attach(
    _ message: @escaping (StreamMessage) -> Void,
    ended: @escaping (ControlClientFault) -> Void
  ) throws(ControlClientFault) {
    events?.close()
    let connection = try connect("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    events = connection
    var reader = EventStreamReader()
    connection.received = { bytes throws(ControlClientFault) in
      try reader.consume(bytes, message)
    }
    connection.over = { [weak self] fault in
      self?.events = nil
      ended(fault)
    }
  }

  /// Has the proxy carry a command out.
  /// - Parameter done: called once, with nil if it did; not after `close`.
  public func send(
    _ command: ProxyCommand, _ done: @escaping (ControlClientFault?) -> Void
  ) throws(ControlClientFault) {
    guard calls.count < Self.maxCalls else { throw .unreachable("it does not answer") }
    let connection = try connect(Self.request(command))
    let id = ObjectIdentifier(connection)
    calls[id] = connection
    var answer: [UInt8] = []
    connection.received = { bytes throws(ControlClientFault) in
      answer += bytes
      if try ControlAnswer.read(answer) == true { throw .ended }
      if answer.count > 1 << 16 { throw .malformed("a long answer") }
    }
    connection.over = { [weak self] fault in
      self?.calls[id] = nil
      let isDone = fault == .ended && (try? ControlAnswer.read(answer)) == true
      done(isDone ? nil : fault)
    }
  }

  public func close() {
    events?.close()
    events = nil
    for call in calls.values { call.close() }
    calls = [:]
  }

  /// Counterpart of `ControlRoute`.
  static func request(_ command: ProxyCommand) -> String {
    var path: String
    var json = JSONObjectWriter()
    switch command {
    case .setMode(let session, let mode):
      path = session.map { "/sessions/\($0)/mode" } ?? "/mode"
      json.add("mode", mode.name)
    case .setRepairs(let session, let repairs):
      path = session.map { "/sessions/\($0)/repairs" } ?? "/repairs"
      json.add("repairs", repairs.names)
    case .drain: path = "/drain"
    case .stop: path = "/stop"
    }
    let body = String(decoding: json.finish(), as: UTF8.self)
    return "POST \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  private func connect(_ request: String) throws(ControlClientFault) -> Connection {
    do throws(UVError) {
      let connection = Connection(try TCPStream.connected(loop: loop, path: path))
      connection.start(request)
      return connection
    } catch {
      throw .unreachable(error.message)
    }
  }

  /// One request and what comes back.
  private final class Connection: StreamDelegate {
    /// Throws when there is nothing more to read.
    var received: (UnsafeRawBufferPointer) throws(ControlClientFault) -> Void = { _ in }
    var over: (ControlClientFault) -> Void = { _ in }
    private let stream: TCPStream
    private let slab = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)

    init(_ stream: TCPStream) { self.stream = stream }

    deinit { slab.deallocate() }

    func start(_ request: String) {
      stream.delegate = self
      var request = request
      request.withUTF8 { stream.write(copying: UnsafeRawBufferPointer($0)) }
      stream.startReading()
    }

    func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { slab }

    func stream(_ stream: TCPStream, didRead count: Int) {
      do throws(ControlClientFault) {
        try received(UnsafeRawBufferPointer(rebasing: slab[..<count]))
      } catch {
        end(error)
      }
    }

    func streamDidEnd(_ stream: TCPStream) { end(.ended) }

    func stream(_ stream: TCPStream, failed error: UVError) { end(.unreachable(error.message)) }

    func streamDidDrain(_ stream: TCPStream) {}

    private func end(_ fault: ControlClientFault) {
      let over = over
      close()
      over(fault)
    }

    func close() {
      over = { _ in }
      stream.close()
    }
  }
}
