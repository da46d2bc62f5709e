import EventLoop
import Glibc
import Prefix
import Proxy
import Settings
import Upstream
import Wire

/// What `holdfast`, `holdfast demo` and `holdfast run` were asked to do.
struct ServeOptions {
  enum ControlChoice {
    case none, standard
    case path(String)
  }

  struct Upstream {
    var name: String
    /// Whether it was given that name.
    var isNamed = false
    var url: UpstreamURL
    var forwardProxy: ForwardProxy?
  }

  var isDemo: Bool
  /// The program to run beside the proxy, with its arguments; empty for none.
  var command: [String]
  var listen: SocketAddress
  var upstreams: [Upstream]
  var mode: PinMode
  /// The classes of change that are repaired where the mode allows it.
  var repairs: RepairSet
  var usesAffinity: Bool
  var probes: Bool
  /// How much text of pinned sessions is kept over a restart.
  var pinState: SessionSnapshot.Text
  var upstreamCA: String?
  var noTUI: Bool
  var ndjson: String?
  /// Nil if no ledger is kept.
  var ledger: LedgerOptions?
  var prices: PriceTable
  var ascii: Bool
  var color: String
  var readOnly: Bool
  var control: ControlChoice
  var metrics: SocketAddress?
  var responseHeaders: Bool
  var nativeDiagnostics: Bool
  var capture: String?
  var captureSize: Int
  /// What clients have to show; nil if nothing is asked for.
  var clientToken: ClientToken?
  var maxBody: Int
  var maxInFlight: Int
  var keepBodies: Int
  var maxSessions: Int
  var maxConnections: Int
  var connectTimeoutMillis: UInt64
  var drainTimeoutMillis: UInt64
  var pace: Double
  var turnLimit: Int?
  var simulator: SimulatorSettings

  init(_ line: ParsedCommandLine) throws(UsageError) {
    isDemo = line.command == .demo
    command = line.command == .run ? line.arguments : []
    listen = try address(
      line, "listen", default: ("127.0.0.1", line.command == .run ? 0 : 8089))
    upstreams = isDemo ? [] : try Self.upstreams(line)
    for upstream in upstreams where listen.receives(from: upstream.url) {
      throw .badValue(
        option: "upstream", value: "\(upstream.url)",
        expected: "another address than --listen: the proxy would be its own upstream")
    }
    mode =
      PinMode(name: try line.word("pin", of: PinMode.allCases.map(\.name), default: "off")) ?? .off
    repairs = try Self.repairs(line)
    usesAffinity = !line.has("no-affinity")
    probes = !line.has("no-probes")
    pinState = try Self.pinState(line)
    upstreamCA = line.last("upstream-ca")
    noTUI = line.has("no-tui")
    ndjson = line.last("ndjson")
    ledger = try LedgerOptions(line)
    prices = try StatsOptions.prices(line)
    ascii = line.has("ascii")
    color = try line.word("color", of: ["auto", "always", "never"], default: "auto")
    readOnly = line.has("read-only")
    metrics = line.has("metrics") ? try address(line, "metrics", default: ("127.0.0.1", 0)) : nil
    control = line.has("no-control") ? .none : line.last("control").map { .path($0) } ?? .standard
    guard !readOnly || mode == .off else {
      throw .badValue(
        option: "pin", value: mode.name,
        expected: "possible with --read-only, which rewrites nothing")
    }
    clientToken = try ClientTokenOption.token(line)
    responseHeaders = line.has("response-headers")
    nativeDiagnostics = line.has("native-diagnostics")
    capture = line.last("capture")
    captureSize = try line.size("capture-size", in: 1 << 20...1 << 50, default: 1 << 30)
    maxBody = try line.size("max-body", in: 1024...(4 << 30) - 1, default: 64 << 20)
    maxInFlight = try line.size(
      "max-in-flight", in: maxBody...(1 << 40), default: max(1 << 30, maxBody))
    keepBodies = try line.size("keep-bodies", in: 0...(1 << 40), default: 256 << 20)
    maxSessions = try line.integer("max-sessions", in: 1...100_000, default: 1024)
    maxConnections = try line.integer("max-connections", in: 1...100_000, default: 4096)
    connectTimeoutMillis = UInt64(
      try line.number("connect-timeout", in: 0.1...600, default: 5) * 1000)
    drainTimeoutMillis = UInt64(
      try line.number("drain-timeout", in: 0...3600, default: 30) * 1000)
    pace = try line.number("pace", in: 0.01...1000, default: 1)
    turnLimit = line.has("turns") ? try line.integer("turns", in: 1...1_000_000, default: 1) : nil
    simulator = try SimulatorSettings(line)
  }

  private static func repairs(_ line: ParsedCommandLine) throws(UsageError) -> RepairSet {
    var repairs = RepairSet.all
    for names in line.values["no-pin"] ?? [] {
      guard let off = RepairSet(names: names) else {
        throw .badValue(option: "no-pin", value: names, expected: "some of \(RepairSet.all.names)")
      }
      repairs.subtract(off)
    }
    return repairs
  }

  private static func pinState(
    _ line: ParsedCommandLine
  ) throws(UsageError) -> SessionSnapshot.Text {
    switch try line.word("pin-state", of: ["all", "replacements", "none"], default: "all") {
    case "none": .none
    case "replacements": .replacements
    default: .all
    }
  }

  private static func upstreams(_ line: ParsedCommandLine) throws(UsageError) -> [Upstream] {
    guard let texts = line.values["upstream"] else {
      throw .missingOption(
        "upstream", hint: "say where the model server is, e.g. --upstream http://localhost:8080")
    }
    let environment = ProxyEnvironment { name in getenv(name).map { String(cString: $0) } }
    var found: [Upstream] = []
    for text in texts {
      var name = found.isEmpty ? "default" : ""
      var url = Substring(text)
      var isNamed = false
      if let equals = text.firstIndex(of: "="), text[..<equals].allSatisfy(isPartOfName) {
        name = String(text[..<equals])
        isNamed = true
        url = text[text.index(after: equals)...]
      }
      guard !name.isEmpty, !found.contains(where: { $0.name == name }) else {
        throw .badValue(
          option: "upstream", value: String(url),
          expected: "told apart from the others; write NAME=URL with a name of its own")
      }
      if name.lowercased() == "v1" {
        throw .badValue(
          option: "upstream", value: text,
          expected: "called otherwise: every path of the first one begins with /v1")
      }
      let address: UpstreamURL
      do throws(URLError) {
        address = try UpstreamURL(parsing: String(url))
      } catch {
        throw .badValue(
          option: "upstream", value: String(url),
          expected: "an address like http://localhost:8080 (it \(error.reason))")
      }
      do throws(ProxyEnvironment.Fault) {
        found.append(
          Upstream(
            name: name, isNamed: isNamed, url: address,
            forwardProxy: try environment.proxy(for: address)))
      } catch {
        throw .badEnvironment(variable: error.variable, reason: error.reason)
      }
    }
    return found
  }

  private static func isPartOfName(_ character: Character) -> Bool {
    character.isASCII
      && (character.isLetter || character.isNumber || character == "-" || character == "_")
  }
}

struct SimulatorSettings {
  var slots: Int
  var prefillTokensPerSecond: Int

  init(_ line: ParsedCommandLine) throws(UsageError) {
    slots = try line.integer("slots", in: 1...64, default: 4)
    prefillTokensPerSecond = try line.integer("prefill-speed", in: 1...10_000_000, default: 12_000)
  }
}

struct SimulateOptions {
  var listen: SocketAddress
  var simulator: SimulatorSettings

  init(_ line: ParsedCommandLine) throws(UsageError) {
    listen = try address(line, "listen", default: ("127.0.0.1", 8080))
    simulator = try SimulatorSettings(line)
  }
}

private func address(
  _ line: ParsedCommandLine, _ option: String, default standard: (host: String, port: Int)
) throws(UsageError) -> SocketAddress {
  let endpoint = try line.endpoint(option, default: standard)
  do {
    return try SocketAddress(ip: endpoint.host, port: endpoint.port)
  } catch {
    throw .badValue(
      option: option, value: line.last(option) ?? endpoint.host,
      expected: "an IP address and port like 127.0.0.1:8089")
  }
}
