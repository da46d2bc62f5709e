import Bytes
import EventLoop
import Simulator
import TestSupport
import Testing
import Wire

/// One running proxy, and a loop with the peers that a test plays itself: agents in front of it and
/// a scripted upstream behind it.
final class Scene {
  let test: TestLoop
  let upstream: ScriptedUpstream
  let proxy: HoldfastProcess
  let address: SocketAddress
  /// Gets a JSON object per turn.
  let ndjson: TemporaryFile
  private var agents: [Agent] = []

  /// - Parameters:
  ///   - server: the upstream's address; nil for the scripted one.
  ///   - url: of the upstream, instead of the server's address.
  ///   - options: further options of the program.
  ///   - probes: whether the upstream is asked things that no agent asks.
  ///   - shell: run before it by the shell that becomes it.
  ///   - environment, blockedSignals: what it inherits.
  ///   - outputBytes: how much output the system holds while none is read.
  ///   - test: a loop that has other peers already.
  init(
    server: SocketAddress? = nil, url: String? = nil, options: [String] = [], probes: Bool = false,
    shell: String? = nil, environment: [String] = [], blockedSignals: [Int32] = [],
    outputBytes: Int32? = nil, test: TestLoop? = nil
  ) throws {
    let test = try test ?? TestLoop()
    self.test = test
    upstream = try ScriptedUpstream(loop: test.loop)
    ndjson = try TemporaryFile()
    let arguments =
      [
        "--listen", "127.0.0.1:0", "--upstream", url ?? "http://\(server ?? upstream.address)",
        "--no-tui", "--ndjson", ndjson.path,
      ] + (probes ? [] : ["--no-probes"]) + options
    let proxy = try HoldfastProcess(
      shell.map { ["-c", "\($0); exec \"$0\" \"$@\"", HoldfastProcess.path] + arguments }
        ?? arguments,
      program: shell == nil ? HoldfastProcess.path : "/bin/sh", environment: environment,
      blockedSignals: blockedSignals, outputBytes: outputBytes)
    self.proxy = proxy
    let isUp = test.run { proxy.address != nil || proxy.exitStatus() != nil }
    guard isUp, let address = proxy.address else {
      throw HoldfastProcess.Failure(reason: "no banner: \(proxy.standardError)")
    }
    self.address = address
  }

  deinit {
    for agent in agents { agent.close() }
    upstream.close()
    try? test.loop.close()
  }

  /// A client of the socket at `path`.
  func client(of path: String) throws -> Agent {
    let agent = Agent(try RawPeer(path: path, loop: test.loop), host: "localhost")
    agents.append(agent)
    return agent
  }

  func agent() -> Agent {
    let agent = Agent(RawPeer(connectingTo: address, loop: test.loop))
    agents.append(agent)
    return agent
  }

  /// The same response to every request that arrives at the scripted upstream.
  func answerAll(_ response: String) {
    var answered: [ObjectIdentifier: Int] = [:]
    upstream.onReceive = { peer in
      let count = HTTPMessage.requests(in: peer.received).count
      for _ in answered[ObjectIdentifier(peer), default: 0]..<count { peer.send(response) }
      answered[ObjectIdentifier(peer)] = count
    }
  }

  func wait(
    for what: String, sourceLocation: SourceLocation = #_sourceLocation, _ holds: () -> Bool
  ) {
    let isMet = test.run(until: holds)
    #expect(isMet, "waited in vain for \(what)", sourceLocation: sourceLocation)
  }

  /// The request that arrived as number `count` at the scripted upstream, over all connections.
  func received(
    _ count: Int = 1, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> UpstreamRequest {
    var found: UpstreamRequest?
    wait(for: "request \(count) at the upstream", sourceLocation: sourceLocation) {
      var number = 0
      for peer in upstream.connections {
        for message in HTTPMessage.requests(in: peer.received) {
          number += 1
          if number == count { found = UpstreamRequest(peer: peer, message: message) }
        }
      }
      return found != nil
    }
    return try #require(found, sourceLocation: sourceLocation)
  }

  /// What the agent got for its newest request, complete.
  func response(
    to agent: Agent, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> HTTPMessage {
    wait(for: "the whole response", sourceLocation: sourceLocation) {
      agent.response?.isComplete == true
    }
    return try #require(agent.response, sourceLocation: sourceLocation)
  }

  /// One request and its whole response, with an upstream that answers by itself.
  func call(
    _ agent: Agent, _ target: String, _ body: String, _ fields: String = "",
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> HTTPMessage {
    agent.post(target, Array(body.utf8), fields)
    return try response(to: agent, sourceLocation: sourceLocation)
  }

  /// The objects of the first `count` turns.
  func turns(
    _ count: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> [JSONValue] {
    wait(for: "\(count) turns in the file", sourceLocation: sourceLocation) {
      ndjson.text.split(separator: "\n").count >= count
    }
    let turns = try ndjson.text.split(separator: "\n").map { line in
      try #require(JSONValue(String(line)), "not JSON: \(line)", sourceLocation: sourceLocation)
    }
    try #require(turns.count >= count, "\(proxy.standardOutput)", sourceLocation: sourceLocation)
    return turns
  }

  /// The process's exit status.
  func exit(sourceLocation: SourceLocation = #_sourceLocation) -> Int32? {
    wait(for: "the end of the process", sourceLocation: sourceLocation) {
      proxy.exitStatus() != nil
    }
    return proxy.exitStatus()
  }
}

struct UpstreamRequest {
  var peer: RawPeer
  var message: HTTPMessage
}

/// A client that sends requests one after the other on one connection.
final class Agent {
  let peer: RawPeer
  private let host: String
  private var method = "GET"

  init(_ peer: RawPeer, host: String = "proxy") {
    self.peer = peer
    self.host = host
  }

  func post(_ target: String, _ body: [UInt8], _ fields: String = "") {
    let head =
      "POST \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields)Content-Length: \(body.count)\r\n\r\n"
    begin("POST", Array(head.utf8) + body)
  }

  func post(_ target: String, _ body: String, _ fields: String = "") {
    post(target, Array(body.utf8), fields)
  }

  func get(_ target: String, _ fields: String = "") {
    begin("GET", Array("GET \(target) HTTP/1.1\r\nHost: \(host)\r\n\(fields)\r\n".utf8))
  }

  /// What arrived for the newest request; nil until its head is complete.
  var response: HTTPMessage? { HTTPMessage.response(in: peer.received, to: method) }

  func close() { peer.close() }

  private func begin(_ method: String, _ bytes: [UInt8]) {
    self.method = method
    peer.forget()
    peer.send(bytes)
  }
}

/// A simulator that computes at once, for the time of `body`.
func withSimulator<T>(
  _ change: (inout SimulatorOptions) -> Void = { _ in },
  _ body: (SimulatorThread) throws -> T
) throws -> T {
  var options = SimulatorOptions()
  options.prefillTokensPerSecond = 0
  options.generationTokensPerSecond = 0
  change(&options)
  let simulator = try SimulatorThread(options: options)
  defer { simulator.stop() }
  return try body(simulator)
}
