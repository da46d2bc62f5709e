import EventLoop
import TLS
import Wire

/// The connections to one upstream.
final class UpstreamPool {
  let index: Int
  let name: String
  let route: UpstreamRoute
  /// What the Host field says.
  let host: String
  private(set) var openCount = 0
  let names: NameLookup

  private let loop: Loop
  private let memory: LoopMemory
  private let deadlines: UpstreamDeadlines
  private let maxIdle: Int
  /// The one used last is at the end and is used first: the others may then age and go.
  private var idle: [UpstreamConnection] = []
  private var isUp: Bool?
  private let healthChanged: (Int, UpstreamHealth) -> Void
  private var isClosed = false
  private let url: UpstreamURL

  struct UpstreamDeadlines {
    let connect: DeadlineQueue
    let response: DeadlineQueue
    let idle: DeadlineQueue
  }

  init(
    index: Int, configuration: UpstreamConfiguration, context: TLSContext?, loop: Loop,
    memory: LoopMemory,
    deadlines: UpstreamDeadlines, maxIdle: Int,
    healthChanged: @escaping (Int, UpstreamHealth) -> Void
  ) {
    self.index = index
    name = configuration.name
    url = configuration.url
    host = configuration.url.hostHeader
    route = UpstreamRoute(to: configuration, context: context)
    names = NameLookup(loop: loop, host: route.host, port: route.port)
    self.loop = loop
    self.memory = memory
    self.deadlines = deadlines
    self.maxIdle = maxIdle
    self.healthChanged = healthChanged
  }

  var idleCount: Int { idle.count }

  /// What a request for `target` asks this upstream, or the forward proxy in front of it, for.
  func target(for target: String) -> String {
    let target = url.target(for: target)
    if route.targetPrefix.isEmpty { return target }
    // RFC 9112 section 3.2.4: `OPTIONS *` has no path in absolute form.
    return route.targetPrefix + (target == "*" ? "" : target)
  }

  /// The same for a path that is not below the API's `/v1`, which an address may end in.
  func probeTarget(_ path: String) -> String {
    let base = url.basePath
    let root = base.hasSuffix("/v1") ? String(base.dropLast(3)) : base
    return route.targetPrefix + root + path
  }

  /// A connection that waits for a request. One on which something waits, which nobody has read yet, is
  /// over, and what it says is no answer to the next request.
  func takeIdle() -> UpstreamConnection? {
    while let connection = idle.popLast() {
      connection.deadline.stop()
      if !connection.stream.hasInput { return connection }
      discard(connection)
    }
    return nil
  }

  /// `done` gets a connection that reads, or the reason why there is none.
  func connect(
    _ done: @escaping (Result<UpstreamConnection, UpstreamConnector.ConnectFailure>) -> Void
  )
    -> UpstreamConnector
  {
    let begin = Loop.monotonicNanos()
    return UpstreamConnector(
      loop: loop, route: route, names: names, deadlines: deadlines.connect
    ) { [self] result in
      switch result {
      case .success(let stream):
        let connection = UpstreamConnection(stream: stream, pool: self, memory: memory)
        openCount += 1
        stream.startReading()
        if isUp != true {
          isUp = true
          healthChanged(
            index, .up(connectMillis: Int((Loop.monotonicNanos() - begin) / 1_000_000)))
        }
        done(.success(connection))
      case .failure(let failure):
        if !failure.isShortage {
          isUp = false
          healthChanged(index, .down(reason: failure.reason))
        }
        done(.failure(failure))
      }
    }
  }

  func awaitResponse(on connection: UpstreamConnection) {
    deadlines.response.start(connection.deadline)
  }

  /// Takes a connection back on which nothing is left to read or write.
  func release(_ connection: UpstreamConnection) {
    connection.end()
    guard !isClosed, idle.count < maxIdle else { return discard(connection) }
    connection.isReused = true
    idle.append(connection)
    deadlines.idle.start(connection.deadline)
  }

  func discard(_ connection: UpstreamConnection) {
    if let place = idle.lastIndex(where: { $0 === connection }) { idle.remove(at: place) }
    guard !connection.stream.isClosed else { return }
    openCount -= 1
    connection.close()
  }

  func closeIdle() {
    while let connection = idle.last { discard(connection) }
  }

  /// Connections that are being made are still made.
  func close() {
    isClosed = true
    closeIdle()
  }

  func stop() {
    close()
    names.close()
  }
}
