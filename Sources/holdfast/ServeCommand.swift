import EventLoop
import Glibc
import Settings
import Wire

/// A command beside the proxy.
extension Serving {
  /// Beside the sockets: as readable as they are, and gone with the login session.
  static var logPath: String {
    ((try? RuntimeDirectory.make()) ?? "/tmp") + "/run-\(getpid()).log"
  }

  /// - Returns: false if it could not be started; `status` says so.
  func startCommand(
    _ address: SocketAddress, _ upstreams: [ServeOptions.Upstream]
  ) throws -> Bool {
    var noProxy: [(name: String, value: String)] = []
    for name in ["no_proxy", "NO_PROXY"] {
      if let value = getenv(name) { noProxy.append((name, String(cString: value))) }
    }
    if noProxy.isEmpty, getenv("http_proxy") != nil || getenv("HTTP_PROXY") != nil {
      noProxy = [("no_proxy", ""), ("NO_PROXY", "")]
    }
    let variables = AgentEnvironment.variables(
      address: "\(address)", upstreams: upstreams.map { .init(name: $0.name, host: $0.url.host) },
      noProxy: noProxy)
    openSplit()
    Console.error(
      "holdfast: http://\(address) -> \(upstreams.map { "\($0.url)" }.joined(separator: ", "))"
        + "; turns: \(log ?? "")")
    do {
      command = try ChildCommand(loop: loop, options.command, environment: variables) {
        [unowned self] status in
        self.status = status
        drain()
      }
    } catch let fault as ChildCommand.Fault {
      Console.error("holdfast: \(fault.text)")
      status = fault.status
      end()
      return false
    }
    return true
  }

  /// The dashboard beside the command, where there is a terminal with room for another one. It ends
  /// when the proxy does.
  private func openSplit() {
    guard !options.noTUI, TmuxSplit.isPossible, let socket = control?.path,
      let program = ProcessPath.own
    else { return }
    do throws(ChildCommand.Fault) {
      split = try TmuxSplit.open([program, "attach", "--no-wait", socket])
    } catch {
      notices.add("no dashboard beside the command: \(error.text)")
    }
  }
}
