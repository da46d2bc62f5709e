public import EventLoop
public import TurnCoding
public import Turns

/// What is told about a control server, and its bounds.
public struct ControlConfiguration: Sendable {
  /// How a stream of events begins; `mode` is brought up to date.
  public var hello: StreamHello
  var maxConnections = 64
  var maxBodyBytes = 16 * 1024
  /// What waits for one slow reader of events.
  var maxBacklogBytes = 4 << 20
  /// How long a connection may be silent between requests.
  var idleMillis: UInt64 = 30_000

  public init(hello: StreamHello) { self.hello = hello }
}

/// Whom a control server asks.
public protocol ControlDelegate: AnyObject {
  /// Carries a command out. `done` is called once, on the server's thread; false if there was nothing
  /// to carry it out on.
  func control(_ command: ProxyCommand, _ done: @escaping (Bool) -> Void)
  /// Prometheus text.
  func metrics() -> String
}

/// Answers questions about a running proxy, streams what happens to whoever attaches, and takes
/// commands, over HTTP/1.1. It is told of events and knows nothing else of the proxy. It belongs to
/// the thread of its loop, which need not be the proxy's.
public final class ControlServer {
  let configuration: ControlConfiguration
  /// Called when the first reader of events has come, and when the last one has gone.
  public var onAttachment: ((Bool) -> Void)?
  let loop: Loop
  weak var delegate: (any ControlDelegate)?
  private(set) var memory: TrafficMemory
  private(set) var isDraining = false
  private var connections: [ObjectIdentifier: ControlConnection] = [:]
  private var listeners: [() -> Void] = []
  private var subscribers: [ObjectIdentifier: EventFeed] = [:]
  /// Events that readers who are gone by now did not get.
  private var droppedBefore = 0
  /// Where every connection reads to; used up before the next read.
  let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 16_384, alignment: 16)

  public init(loop: Loop, configuration: ControlConfiguration) {
    self.loop = loop
    self.configuration = configuration
    memory = TrafficMemory(mode: configuration.hello.mode)
  }

  deinit { readBuffer.deallocate() }

  /// Whom to ask; not retained. Without one there are no metrics, and commands are refused.
  public func setDelegate(_ delegate: any ControlDelegate) { self.delegate = delegate }

  public func listen(path: String) throws(LocalSocketError) {
    let listener = try LocalListener(loop: loop, path: path) { [unowned self] stream in
      accept(stream, .everything)
    }
    listeners.append { listener.close() }
  }

  /// - Returns: what is really bound.
  public func listen(
    _ address: SocketAddress, _ surface: ControlSurface
  ) throws(UVError) -> SocketAddress {
    let listener = try TCPListener(loop: loop, address: address) { [unowned self] stream in
      accept(stream, surface)
    }
    listeners.append { listener.close() }
    return listener.address
  }

  /// Ends everything at once.
  public func stop() {
    for close in listeners { close() }
    listeners = []
    for connection in connections.values { connection.end() }
  }

  // MARK: Events

  public func note(_ event: TurnEvent) {
    memory.note(event)
    tell(.event(event))
  }

  /// Events that were lost on the way here.
  public func noteLost(_ count: Int) { tell(.lost(count)) }

  public func noteDraining() { isDraining = true }

  private func tell(_ message: @autoclosure () -> StreamMessage) {
    guard !subscribers.isEmpty else { return }
    let line = message().line
    for feed in subscribers.values { feed.append(line) }
  }

  func subscribe(_ connection: ControlConnection) -> EventFeed {
    var hello = configuration.hello
    hello.mode = memory.defaultMode
    let feed = EventFeed(
      hello: hello, replay: memory.replay, maxBytes: configuration.maxBacklogBytes)
    subscribers[ObjectIdentifier(connection)] = feed
    if subscribers.count == 1 { onAttachment?(true) }
    return feed
  }

  // MARK: Figures

  public var subscriberCount: Int { subscribers.count }
  public var connectionCount: Int { connections.count }
  public var sessionCount: Int { memory.sessions.count }
  public var turnsInFlight: Int { memory.inFlight }

  /// Events that attached readers were too slow for.
  public var droppedCount: Int {
    subscribers.values.reduce(droppedBefore) { $0 + $1.droppedCount }
  }

  // MARK: Connections

  private func accept(_ stream: TCPStream, _ surface: ControlSurface) {
    let connection = ControlConnection(server: self, stream: stream, surface: surface)
    // Whoever may read figures cannot keep the owner out of the socket.
    let open = connections.values.count { $0.surface == surface }
    let isFull = open >= (surface == .metrics ? 16 : configuration.maxConnections)
    connections[ObjectIdentifier(connection)] = connection
    connection.start(isRefused: isFull)
  }

  func closed(_ connection: ControlConnection) {
    let id = ObjectIdentifier(connection)
    if let feed = subscribers.removeValue(forKey: id) {
      droppedBefore += feed.droppedCount
      if subscribers.isEmpty { onAttachment?(false) }
    }
    connections[id] = nil
  }
}
