import Bytes
import Conformance
import EventLoop
import Proxy
import TestSupport
import Testing
import Wire

/// Forwards every request as it came.
private final class Forwarding: TrafficObserver {
  func plan(for request: ReceivedRequest) -> ExchangePlan { .unchanged(request) }
  func upstreamChanged(index: Int, _ state: UpstreamHealth) {}
  func refused(method: String, path: String, status: Int, reason: String) {}
  func notice(_ text: String) {}
}

@Suite struct ConformanceTests {
  @Test(arguments: ProxyCase.all)
  func `the proxy keeps to the RFC`(_ example: ProxyCase) throws {
    let test = try TestLoop()
    let upstream = try ScriptedUpstream(loop: test.loop)
    let observer = Forwarding()
    let server = try ProxyServer(
      loop: test.loop,
      configuration: ProxyConfiguration(
        listen: try SocketAddress(ip: "127.0.0.1", port: 0),
        upstreams: [
          UpstreamConfiguration(
            name: "main", url: try UpstreamURL(parsing: "http://\(upstream.address)"))
        ]), observer: observer)
    let run = CaseRun(example, proxy: server.address, upstream: upstream, test: test)
    let objection = run.objection(patienceMillis: 15_000, quietRounds: 5)
    #expect(objection == nil, "\(example): \(objection ?? "")")
    server.stop()
    upstream.close()
    try test.loop.close()
  }

  @Test func `no two cases have one name`() {
    let names = ProxyCase.all.map { $0.description }
    let repeated = Dictionary(grouping: names) { $0 }.filter { $0.value.count > 1 }.keys
    #expect(repeated.isEmpty)
  }
}
