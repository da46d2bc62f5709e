import Bytes
public import EventLoop
import TLS
import Wire

/// An HTTP/1.1 reverse proxy on one loop. All of it runs on the loop's thread.
///
/// Offers of another protocol (Upgrade) are ignored, as RFC 9110 section 7.8 allows: the request is
/// answered as the plain HTTP request it also is.
///
/// In the order of a request's way: `ClientConnection` reads with `RequestReader`, an `Exchange` does
/// what `ExchangeStateMachine` decides, `UpstreamPool` gives it an `UpstreamConnection`, and
/// `ResponseReader` finds what goes back.
public final class ProxyServer {
  private(set) var configuration: ProxyConfiguration
  /// What is really bound.
  public var address: SocketAddress { listener.address }
  private(set) var isDraining = false

  let memory = LoopMemory()
  let bodyAllowance: BodyAllowance
  let deadlines: ClientDeadlines
  let observer: any TrafficObserver

  struct ClientDeadlines {
    let requestHead: DeadlineQueue
    let bodyStall: DeadlineQueue
    let clientIdle: DeadlineQueue
    let linger: DeadlineQueue
  }

  /// Every token that was ever asked for: whoever still sends an old one has not sent it to the
  /// upstream.
  private(set) var knownTokens: [ClientToken]
  private let loop: Loop
  private let listener: TCPListener
  private let pools: [UpstreamPool]
  private let upstreamDeadlines: UpstreamPool.UpstreamDeadlines
  private var connections: [UInt64: ClientConnection] = [:]
  private var lastConnection: UInt64 = 0
  private let freedMemory: FreedMemory
  private var inFlight = 0
  private var requests: UInt64 = 0
  private var drainLimit: Timer?
  private var drained: (() -> Void)?
  private var isStopped = false

  /// Connections above the limit that may wait for the client to take its 503.
  private static let maxRefusing = 64

  /// Starts listening. The number of connections also depends on `DescriptorLimit`, which a program
  /// should have raised by now. Reads the file of authorities if there is an https upstream; throws
  /// `TLSError` if that cannot be used. The observer lives as long as
  /// the server.
  public init(loop: Loop, configuration: ProxyConfiguration, observer: any TrafficObserver) throws {
    try ProxyServer.check(configuration)
    self.loop = loop
    self.configuration = configuration
    self.observer = observer
    bodyAllowance = BodyAllowance(limit: configuration.maxBytesInFlight)
    freedMemory = FreedMemory(loop: loop)
    knownTokens = configuration.clientToken.map { [$0] } ?? []
    let timeouts = configuration.timeouts
    func queue(_ kind: DeadlineKind, _ millis: UInt64) -> DeadlineQueue {
      DeadlineQueue(loop: loop, kind: kind, millis: millis)
    }
    deadlines = ClientDeadlines(
      requestHead: queue(.requestHead, timeouts.requestHead),
      bodyStall: queue(.bodyStall, timeouts.bodyStall),
      clientIdle: queue(.clientIdle, timeouts.clientIdle),
      linger: queue(.linger, timeouts.linger))
    let upstreamDeadlines = UpstreamPool.UpstreamDeadlines(
      connect: queue(.connect, timeouts.connect), response: queue(.response, timeouts.response),
      idle: queue(.upstreamIdle, timeouts.upstreamIdle))
    self.upstreamDeadlines = upstreamDeadlines
    let memory = memory
    let usesTLS = configuration.upstreams.contains { $0.url.scheme == .https }
    let context = usesTLS ? try TLSContext(authorities: configuration.authorities) : nil
    pools = configuration.upstreams.enumerated().map { index, upstream in
      UpstreamPool(
        index: index, configuration: upstream, context: context, loop: loop, memory: memory,
        deadlines: upstreamDeadlines, maxIdle: configuration.maxIdleUpstreamConnections
      ) { [unowned observer] in observer.upstreamChanged(index: $0, $1) }
    }
    var accepted: (TCPStream) -> Void = { $0.close() }
    listener = try TCPListener(loop: loop, address: configuration.listen) { accepted($0) }
    accepted = { [unowned self] in accept($0) }
    listener.onShortage = { [unowned self] in
      for pool in pools { pool.closeIdle() }
      observer.notice("new connections have to wait: \($0.message)")
    }
  }

  /// As configured, but for what the process may have open: each client may need an upstream
  /// connection, and other parts of the program some files.
  private var maxConnections: Int {
    min(configuration.maxConnections, max(8, (DescriptorLimit.current - 64) / 2))
  }

  /// Takes other limits and another token while it runs. Requests that were let in stay in, and no
  /// connection is closed.
  public func adjust(
    clientToken: ClientToken?, maxBodyBytes: Int, maxBytesInFlight: Int, maxConnections: Int
  ) {
    configuration.clientToken = clientToken
    configuration.maxBodyBytes = maxBodyBytes
    configuration.maxBytesInFlight = maxBytesInFlight
    configuration.maxConnections = maxConnections
    bodyAllowance.limit = maxBytesInFlight
    if let clientToken, !knownTokens.contains(clientToken) { knownTokens.append(clientToken) }
    for connection in connections.values { connection.adjust() }
  }

  private static func check(_ configuration: ProxyConfiguration) throws(ProxyConfigurationError) {
    if configuration.upstreams.isEmpty { throw .noUpstream }
    var names: Set<String> = []
    for upstream in configuration.upstreams {
      if !names.insert(upstream.name).inserted { throw .repeatedName(upstream.name) }
    }
  }

  var nowMillis: UInt64 { loop.nowMillis }

  public var counters: ProxyCounters {
    ProxyCounters(
      connections: connections.count, inFlight: inFlight, requests: requests,
      upstreamConnections: pools.reduce(0) { $0 + $1.openCount },
      idleUpstreamConnections: pools.reduce(0) { $0 + $1.idleCount })
  }

  /// Bytes of answers that are held for clients which have not taken them yet.
  public var unsentBytes: Int { connections.values.reduce(0) { $0 + $1.queuedBytes } }

  // MARK: Connections

  private func accept(_ stream: TCPStream) {
    let limit = maxConnections
    if connections.count >= limit + ProxyServer.maxRefusing { return stream.reset() }
    let isOver = connections.count >= limit
    if !address.isLoopback { stream.setKeepAlive(idleSeconds: 60) }
    lastConnection += 1
    let connection = ClientConnection(id: lastConnection, stream: stream, server: self)
    connections[lastConnection] = connection
    if isOver { connection.refuseForOverload() } else { connection.start() }
  }

  func connectionClosed(_ connection: ClientConnection) {
    connections[connection.id] = nil
    if connections.isEmpty { finishDrain() }
  }

  /// Nil if the request was answered here.
  func exchange(
    for head: RequestHead, _ body: ByteBuffer, _ share: BodyShare?, from client: ClientConnection
  ) -> Exchange? {
    if head.fields.all("via").contains(where: ProcessToken.isIn) {
      client.reject(head, status: 508, reason: "this proxy is its own upstream")
      return nil
    }
    if let host = head.fields.first("host"), isForeignPage(head, host) {
      client.reject(
        head, status: 403,
        reason: "a web page asked, at an address that is not this machine's: '\(host)'")
      return nil
    }
    if ForwardingLimit.of(head) == 0 {
      client.answerInstead(of: head)
      return nil
    }
    let (pool, head) = route(head)
    let request = ReceivedRequest(
      head: head, body: body, connection: client.id, upstream: pool.index,
      receivedAtMillis: Loop.wallMillis())
    requests += 1
    inFlight += 1
    freedMemory.use(body.capacity)
    return Exchange(
      client: client, server: self, pool: pool, requestHead: head,
      plan: observer.plan(for: request), share: share)
  }

  func exchangeEnded() { inFlight -= 1 }

  /// A page in a browser can make a name of its own point to this machine, and then read answers. An
  /// address, or `localhost`, cannot be made to mean something else.
  private func isForeignPage(_ head: RequestHead, _ host: String) -> Bool {
    head.fields.contains("origin") && address.isLoopback && configuration.clientToken == nil
      && !HostName.isLocal(host)
  }

  /// `/NAME/rest` goes to the upstream of that name as `/rest`, anything else to the first.
  private func route(_ head: RequestHead) -> (UpstreamPool, RequestHead) {
    for (pool, upstream) in zip(pools, configuration.upstreams) where upstream.isNamed {
      let target = head.target.utf8
      guard target.count > pool.name.utf8.count, target.first == UInt8(ascii: "/"),
        target.dropFirst().starts(with: pool.name.utf8)
      else { continue }
      let rest = target.dropFirst(1 + pool.name.utf8.count)
      guard rest.isEmpty || rest.first == UInt8(ascii: "/") || rest.first == UInt8(ascii: "?")
      else { continue }
      var head = head
      let tail = String(Substring(rest))
      head.target = tail.utf8.first == UInt8(ascii: "/") ? tail : "/" + tail
      return (pool, head)
    }
    return (pools[0], head)
  }

  /// Asks an upstream something on a connection of its own. `done` is called once and never from
  /// inside this call; not at all after `cancel`, which has to come before `stop`.
  func probe(
    upstream: Int, _ request: ProbeRequest, _ done: @escaping (ProbeOutcome) -> Void
  ) -> ProbeConnection {
    ProbeConnection(
      request, to: pools[upstream], loop: loop, memory: memory,
      connectDeadlines: upstreamDeadlines.connect, limits: configuration.responseLimits, done)
  }

  // MARK: Ending

  /// Stops accepting, lets requests that have begun finish and closes everything else. `done` is
  /// called once, when the last connection is closed or after the limit, with everything stopped.
  public func drain(limitMillis: UInt64, _ done: @escaping () -> Void) {
    guard !isStopped, !isDraining else { return }
    isDraining = true
    drained = done
    listener.close()
    for pool in pools { pool.close() }
    let limit = Timer(loop: loop) { [unowned self] in finishDrain() }
    limit.start(afterMillis: limitMillis)
    drainLimit = limit
    for connection in Array(connections.values) { connection.drain() }
    if connections.isEmpty { loop.soon { [self] in finishDrain() } }
  }

  private func finishDrain() {
    guard let done = drained else { return }
    drained = nil
    stop()
    done()
  }

  /// Closes everything at once, also in the middle of responses.
  public func stop() {
    guard !isStopped else { return }
    isStopped = true
    drainLimit?.close()
    drainLimit = nil
    freedMemory.close()
    listener.close()
    for connection in Array(connections.values) { connection.close() }
    for pool in pools { pool.stop() }
    for queue in [
      deadlines.requestHead, deadlines.bodyStall, deadlines.clientIdle, deadlines.linger,
      upstreamDeadlines.connect, upstreamDeadlines.response, upstreamDeadlines.idle,
    ] {
      queue.close()
    }
  }
}
