import Capture
import Control
import Dashboard
import Engine
import EventLoop
import Glibc
import Ledger
import Prefix
import Proxy
import Terminal
import TLS
import TurnCoding
import Turns
import Wire

/// Runs the proxy until it is stopped; returns the process's exit status.
func serve(_ options: ServeOptions, _ reload: Reload) -> Int32 {
  do {
    return try Serving(options, reload).run()
  } catch let error as FileError {
    Console.error("holdfast: \(error.text)")
  } catch let error as TLSError {
    Console.error("holdfast: \(error.reason)")
  } catch let error as UVError {
    Console.error("holdfast: \(explanation(error, options))")
  } catch let error as ControlFault {
    Console.error("holdfast: \(error.text)")
  } catch {
    Console.error("holdfast: \(error)")
  }
  return 1
}

private func explanation(_ error: UVError, _ options: ServeOptions) -> String {
  if error.operation == .bind {
    return "cannot listen on \(options.listen): \(error.message); choose another --listen address"
  }
  return "\(error)"
}

/// Where the parts meet: the loop thread with proxy and engine, the writer of reports, the
/// dashboard, and for the demo the built-in server and its agents.
final class Serving {
  var options: ServeOptions
  let reload: Reload
  let loop: Loop
  let reports: ReportWriter
  var ledger: LedgerWriter?
  var holds: AnswerHolds?
  private var hasSaidLate = false
  private var lastStall: UInt64?
  private var capture: CaptureWriter?
  let notices: NoticeBox
  var proxy: ProxyServer?
  private var prober: Prober?
  var engine: Engine?
  var wakeup: Wakeup?
  var signals: [SignalWatch] = []
  var hangUps: HangUpWatch?
  var demo: DemoThread?
  var pane: DashboardPane?
  var control: ControlThread?
  var load: LoopLoad?
  var measuring: EventLoop.Timer?
  var keeping: EventLoop.Timer?
  var forgetting: EventLoop.Timer?
  private let showsDashboard: Bool
  /// Where the lines of turns go; nil for standard output.
  let log: String?
  var command: ChildCommand?
  var split: pid_t?
  let demoIsOver = Flag()
  var isStopping = false
  /// Whether somebody looks on from outside.
  var isWatched = false
  /// The terminal takes nothing any more: nothing may be written to it.
  var isTerminalStuck = false
  var status: Int32 = 0
  private var totals = RunTotals()

  /// Said on the normal screen after the dashboard is gone.
  private var farewell: String? { showsDashboard ? totals.text : nil }

  init(_ options: ServeOptions, _ reload: Reload) throws {
    self.options = options
    self.reload = reload
    loop = try Loop()
    let notices = NoticeBox()
    self.notices = notices
    // A command that is run has the terminal.
    showsDashboard = options.command.isEmpty && !options.noTUI && TerminalDevice.isUsable
    log = options.command.isEmpty ? nil : Self.logPath
    reports = try ReportWriter(lines: !showsDashboard, log: log, ndjson: options.ndjson) {
      notices.add($0)
    }
  }

  func run() throws -> Int32 {
    defer {
      leaveTerminal()
      reload.finish()
      control?.stop()
      finishLedger()
      if !reports.finish() { isTerminalStuck = true }
      capture?.finish()
      demo?.stop()
      if isTerminalStuck {
        // The write that hangs would hold up the end of the process as well.
        _exit(status)
      }
      if let farewell { Console.last(farewell) }
    }
    CoreDumps.forbid()
    DescriptorLimit.raise()
    wakeup = try Wakeup(loop: loop) { [unowned self] in takeCommands() }
    notices.wakeup = wakeup
    let load = try LoopLoad(loop: loop)
    self.load = load
    load.onStall = { [unowned self] in stalled($0) }
    var upstreams = options.upstreams
    if options.isDemo {
      let server = try DemoThread(options)
      demo = server
      upstreams = [
        .init(name: "demo", url: try UpstreamURL(parsing: "http://\(server.serverAddress)"))
      ]
    }
    let memory = SessionMemory(options)
    ledger = try makeLedger(upstreams, memory)
    let engine = makeEngine(upstreams, memory)
    self.engine = engine
    engine.keeper = ledger
    for session in memory.sessions.reversed() { _ = engine.restore(session) }
    let proxy = try ProxyServer(
      loop: loop, configuration: configuration(upstreams),
      observer: try makeCapture(engine, upstreams) ?? engine)
    self.proxy = proxy
    deferMeasuring(engine)
    deferKeeping(engine)
    forgetNowAndThen(engine)
    if options.probes { startProber(engine, proxy) }
    if options.command.isEmpty { try watchSignals() }
    if showsDashboard { try openDashboard(proxy.address) }
    try openControl(proxy.address)
    if pane == nil {
      reports.setLines(true)
      if options.command.isEmpty { printBanner(proxy.address, upstreams) }
    }
    if !options.command.isEmpty {
      guard try startCommand(proxy.address, upstreams) else { return status }
      HangUpWatch.accept()
    }
    engine.announceUpstreams()
    warnOfStrangers(proxy.address)
    for upstream in upstreams where upstream.url.hasUserInfo {
      engine.notice(
        "the user information in the URL of upstream \(upstream.name) is not used: agents send "
          + "their own credentials")
    }
    let wakeup = wakeup
    let demoIsOver = demoIsOver
    try demo?.play(proxy.address) {
      demoIsOver.set()
      wakeup?.send()
    }
    loop.run()
    return status
  }

  private func makeEngine(
    _ upstreams: [ServeOptions.Upstream], _ memory: SessionMemory
  ) -> Engine {
    var configuration = engineConfiguration(upstreams)
    configuration.seed = UInt32.random(in: 0...UInt32.max)
    let clock = EngineClock(
      monotonicMillis: { Loop.monotonicNanos() / 1_000_000 }, wallMillis: { Loop.wallMillis() },
      monotonicMicros: { Loop.monotonicNanos() / 1_000 })
    configuration.keptText = options.pinState
    return Engine(
      configuration: configuration, clock: clock,
      credentialHash: memory.credentialHash ?? CredentialKey.hash
    ) { [unowned self] event in publish(event) }
  }

  func engineConfiguration(
    _ upstreams: [ServeOptions.Upstream]
  ) -> EngineConfiguration {
    var configuration = EngineConfiguration(
      upstreams: upstreams.map {
        .init(name: $0.name, address: "\($0.url.host):\($0.url.port)", host: $0.url.host)
      })
    configuration.maxSessions = options.maxSessions
    configuration.usesAffinity = options.usesAffinity
    configuration.keepBodies = options.keepBodies
    configuration.mode = options.mode
    configuration.repairs = options.repairs
    configuration.isReadOnly = options.readOnly
    configuration.answersDiagnostics = options.nativeDiagnostics
    configuration.addsResponseFields = options.responseHeaders
    return configuration
  }

  func warnOfStrangers(_ address: SocketAddress) {
    guard !options.listen.isLoopback, options.clientToken == nil else { return }
    engine?.notice(
      "listening on \(address), which others on the network can reach; anybody there can "
        + "use the upstream with their own credentials, or without where it needs none; "
        + "--client-token asks for a token")
  }

  private func startProber(_ engine: Engine, _ proxy: ProxyServer) {
    let prober = Prober(loop: loop, server: proxy, source: engine)
    self.prober = prober
    engine.wakesProber = { [unowned prober] in prober.wake(upstream: $0) }
    if showsDashboard { engine.watchSlots(true) }
  }

  func stopProber() {
    engine?.wakesProber = nil
    prober?.close()
    prober = nil
  }

  func configuration(_ upstreams: [ServeOptions.Upstream]) -> ProxyConfiguration {
    var configuration = ProxyConfiguration(
      listen: options.listen,
      upstreams: upstreams.map {
        .init(name: $0.name, isNamed: $0.isNamed, url: $0.url, forwardProxy: $0.forwardProxy)
      })
    configuration.authorities = options.upstreamCA
    configuration.clientToken = options.clientToken
    configuration.maxBodyBytes = options.maxBody
    configuration.maxBytesInFlight = options.maxInFlight
    configuration.maxConnections = options.maxConnections
    configuration.timeouts.connect = options.connectTimeoutMillis
    return configuration
  }

  private func publish(_ event: TurnEvent) {
    switch event {
    // The log speaks of a turn when it is over.
    case .started, .firstByte, .progress: break
    default: reports.publish(event)
    }
    ledger?.publish(event)
    pane?.publish(event)
    control?.publish(event)
    if case .finished(let record) = event { totals.add(record) }
  }

  /// What sees the traffic instead of the engine alone; nil without `--capture`.
  private func makeCapture(
    _ engine: Engine, _ upstreams: [ServeOptions.Upstream]
  ) throws -> CaptureObserver? {
    guard let directory = options.capture else { return nil }
    let notices = notices
    let writer = try CaptureWriter(directory: directory, maxBytes: options.captureSize) {
      notices.add($0)
    }
    capture = writer
    return CaptureObserver(
      engine, upstreams: upstreams.map(\.name), nowMillis: { Loop.monotonicNanos() / 1_000_000 }
    ) { writer.add($0) }
  }

  /// A terminal that cannot show the dashboard is no reason not to serve.
  private func openDashboard(_ address: SocketAddress) throws {
    let wakeup = wakeup
    let figures = load?.figures
    do throws(TerminalError) {
      pane = try DashboardPane(
        DashboardOptions(
          listenAddress: "\(address)", ascii: options.ascii || !TerminalDevice.isUnicode,
          readOnly: options.readOnly, canPin: true, defaultMode: options.mode,
          hasLedger: options.ledger != nil, prices: options.prices),
        color: options.color, ledger: options.ledger?.path,
        load: {
          guard let figures, let median = figures.quantile(0.5), let high = figures.quantile(0.99)
          else { return nil }
          return ProxyLoad(median: median, high: high)
        }
      ) { wakeup?.send() }
    } catch {
      Console.error("holdfast: no dashboard: \(error)")
    }
  }

  /// A control socket in the usual place is a convenience; one that somebody asked for has to work.
  private func openControl(_ address: SocketAddress) throws {
    let place: ControlPlace
    switch options.control {
    case .none: place = .none
    case .standard: place = .standard(port: address.port)
    case .path(let path): place = .path(path)
    }
    if case .none = place, options.metrics == nil { return }
    let hello = StreamHello(
      program: version, process: Int(getpid()), listen: "\(address)",
      startedAt: Loop.wallMillis(), readOnly: options.readOnly, mode: options.mode,
      ledger: options.ledger.map { Self.absolute($0.path) } ?? "")
    let wakeup = wakeup
    let pane = pane
    let figures = ControlThread.Figures(
      loop: load?.figures, dashboardDropped: { pane?.droppedCount ?? 0 })
    do throws(ControlFault) {
      control = try ControlThread(
        ControlConfiguration(hello: hello), place: place, metrics: options.metrics, figures
      ) {
        wakeup?.send()
      }
    } catch {
      if error.isFatal { throw error }
      notices.add(error.text)
    }
  }

  /// The file itself need not be there yet.
  private static func absolute(_ path: String) -> String {
    guard !path.hasPrefix("/"), let directory = getcwd(nil, 0) else { return path }
    defer { free(directory) }
    return String(cString: directory) + "/" + path
  }

  /// Told once a minute at most: the figures have the rest.
  private func stalled(_ nanos: UInt64) {
    let now = loop.nowMillis
    guard lastStall.map({ now - $0 >= 60_000 }) ?? true else { return }
    lastStall = now
    engine?.notice(
      "the proxy itself held traffic up for \(nanos / 1_000_000) ms; is the machine overloaded?")
  }

  private func makeLedger(
    _ upstreams: [ServeOptions.Upstream], _ memory: SessionMemory
  ) throws -> LedgerWriter? {
    guard let place = options.ledger else { return nil }
    var settings = LedgerSettings(
      path: place.path, run: Int64.random(in: 1...Int64.max), workspace: Workspace.current())
    settings.days = place.days
    settings.maxBytes = place.maxBytes
    settings.origins = memory.origins
    let notices = notices
    let wakeup = wakeup
    let holds = AnswerHolds(loop: loop, wakeLoop: { wakeup?.send() }) { [unowned self] in
      guard !hasSaidLate else { return }
      hasSaidLate = true
      engine?.notice(
        "the ledger is slow: answers go on before what pinning decided is in it, so a crash may "
          + "cost a pinned session its cache")
    }
    self.holds = holds
    return try LedgerWriter(
      loop: loop, settings: settings,
      upstreams: upstreams.map {
        UpstreamStatus(name: $0.name, address: "\($0.url.host):\($0.url.port)")
      }, holds: holds, roomForMore: { wakeup?.send() }
    ) { notices.add($0) }
  }

  /// What the ledger says at its end comes too late for the loop.
  private func finishLedger() {
    engine?.keepRest()
    ledger?.finish()
    while let text = notices.take() { Console.last("holdfast: \(text)", 2) }
  }

  private func printBanner(_ address: SocketAddress, _ upstreams: [ServeOptions.Upstream]) {
    Console.print("holdfast \(version) listening on http://\(address)")
    for (place, upstream) in upstreams.enumerated() {
      Console.print(
        "  \(place == 0 ? "/" : "/\(upstream.name)/") -> \(upstream.url)"
          + (upstream.forwardProxy.map { " through the proxy \($0)" } ?? ""))
    }
    if let address = control?.metricsAddress {
      Console.print("  metrics at http://\(address)/metrics")
    }
    Console.print("  export OPENAI_BASE_URL=http://\(address)/v1")
    Console.print("  export ANTHROPIC_BASE_URL=http://\(address)")
  }
}
