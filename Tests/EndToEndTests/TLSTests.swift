import Bytes
import EventLoop
import TestSupport
import Testing
import Wire

/// The program in front of https upstreams.
@Suite struct TLSTests {
  /// A TLS server with a certificate of its own authority, and the program in front of it.
  private final class SecureScene {
    let scene: Scene
    let upstream: TLSUpstream
    private(set) var tunnel: TunnelServer?
    private let authority: TestAuthority

    enum Way {
      case direct
      /// Through a forward proxy that the environment names.
      case tunnel
      /// The environment names one that does not exist.
      case missing
    }

    init(
      host: String = "localhost", names: String = "DNS:localhost,DNS:upstream.example",
      days: ClosedRange<Int> = -1...30,
      isTrusted: Bool = true, way: Way = .direct
    ) throws {
      let test = try TestLoop()
      authority = try TestAuthority()
      upstream = try TLSUpstream(
        loop: test.loop, identity: authority.issue(names, days: days))
      var environment: [String] = []
      switch way {
      case .direct: break
      case .tunnel:
        let server = try TunnelServer(loop: test.loop, to: upstream.address)
        tunnel = server
        environment = ["https_proxy=http://\(server.address)"]
      case .missing:
        environment = ["HTTPS_PROXY=http://127.0.0.1:1"]
      }
      scene = try Scene(
        url: "https://\(host):\(upstream.address.port)",
        options: ["--no-ledger"] + (isTrusted ? ["--upstream-ca", authority.file] : []),
        environment: environment, test: test)
      upstream.answerAll(chatAnswer())
    }

    deinit {
      tunnel?.close()
      upstream.close()
    }

    func call() throws -> HTTPMessage {
      try scene.call(scene.agent(), "/v1/chat/completions", Prompts.chat(["hi"]))
    }

    /// The message of the error that the agent gets.
    func refusal() throws -> String {
      let response = try call()
      #expect(response.status == 502)
      return JSONValue(response.text)?["error"]?["message"]?.string ?? ""
    }
  }

  @Test func `an upstream with a certificate of a private authority is reached`() throws {
    let secure = try SecureScene()
    #expect(try secure.call().status == 200)
    #expect(try secure.call().status == 200)
    #expect(secure.upstream.connections.count == 1)
    #expect(try secure.scene.turns(2)[1]["status"]?.integer == 200)
  }

  @Test func `an authority that nobody trusts is refused with what to do`() throws {
    let message = try SecureScene(isTrusted: false).refusal()
    #expect(message.contains("--upstream-ca"))
  }

  @Test func `an expired certificate is refused`() throws {
    let secure = try SecureScene(days: -9 ... -2)
    #expect(try secure.refusal().contains("expired"))
    #expect(secure.upstream.connections.allSatisfy { $0.text.isEmpty })
  }

  @Test func `a certificate for another name is refused`() throws {
    let secure = try SecureScene(names: "DNS:elsewhere.example")
    #expect(try secure.refusal().contains("localhost"))
    #expect(secure.upstream.connections.allSatisfy { $0.text.isEmpty })
  }

  @Test func `the forward proxy of the environment is asked for a tunnel`() throws {
    let secure = try SecureScene(host: "upstream.example", way: .tunnel)
    #expect(try secure.call().status == 200)
    #expect(try secure.call().status == 200)
    let requests = try #require(secure.tunnel?.requests)
    #expect(requests.count == 1)
    let wanted = "CONNECT upstream.example:\(secure.upstream.address.port) HTTP/1.1\r\n"
    #expect(requests.first?.hasPrefix(wanted) == true)
  }

  @Test func `an upstream on this machine is reached without the forward proxy`() throws {
    #expect(try SecureScene(way: .missing).call().status == 200)
  }

  @Test(arguments: [("upstream.example", false), ("example", false), ("other.example", true)])
  func `NO_PROXY names upstreams that are reached without the forward proxy`(
    _ exceptions: String, _ isUsed: Bool
  ) throws {
    let scene = try Scene(
      url: "https://upstream.example", options: ["--no-ledger"],
      environment: ["HTTPS_PROXY=http://127.0.0.1:1", "NO_PROXY=\(exceptions)"])
    scene.wait(for: "the banner") { scene.proxy.lines.count >= 4 }
    #expect(scene.proxy.standardOutput.containsText("through the proxy") == isUsed)
  }

  @Test func `authorities that cannot be read end the start with status 1`() throws {
    let command = try Command(
      "--upstream", "https://localhost:1", "--listen", "127.0.0.1:0", "--no-ledger",
      "--upstream-ca", "/nowhere.pem")
    #expect(command.status == 1)
    #expect(command.errors.contains("/nowhere.pem"))
  }
}
