import EventLoop
import Glibc
import Testing

@Suite(.serialized) struct TCPListenerTests {
  @Test func `a port in use is reported`() throws {
    let harness = try LoopHarness()
    let first = try TCPListener(
      loop: harness.loop, address: SocketAddress(ip: "127.0.0.1", port: 0)
    ) { $0.close() }
    let error = #expect(throws: UVError.self) {
      try TCPListener(loop: harness.loop, address: first.address) { $0.close() }
    }
    #expect(error?.name == "EADDRINUSE")
    first.close()
    harness.finish()
  }
}
