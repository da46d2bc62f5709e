import EventLoop
import Foundation
import TestSupport

struct PeerFailure: Error, CustomStringConvertible {
  var text: String
  var description: String { text }
}

/// A proxy to be judged: where it is installed and what it is told.
struct Peer {
  var name: String
  /// Nil if it is not installed.
  var program: String?
  /// Its configuration file, from its own port, the upstream's and the directory it may use.
  var configuration: (_ port: Int, _ upstream: Int, _ directory: String) -> String
  var arguments: (_ port: Int, _ upstream: Int, _ file: String) -> [String]

  static var all: [Peer] { [holdfast, nginx, haproxy] }

  private static func installed(_ paths: String...) -> String? {
    paths.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  private static var holdfast: Peer {
    let beside = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("holdfast").path
    return Peer(
      name: "holdfast", program: installed(beside), configuration: { _, _, _ in "" },
      arguments: { port, upstream, _ in
        [
          "--listen", "127.0.0.1:\(port)", "--upstream", "http://127.0.0.1:\(upstream)", "--no-tui",
          "--no-ledger", "--no-probes",
        ]
      })
  }

  private static var nginx: Peer {
    Peer(
      name: "nginx", program: installed("/usr/sbin/nginx", "/usr/bin/nginx"),
      configuration: { port, upstream, directory in
        """
        daemon off;
        master_process off;
        pid \(directory)/pid;
        error_log \(directory)/error.log crit;
        events { worker_connections 512; }
        http {
          access_log off;
          client_body_temp_path \(directory)/body;
          proxy_temp_path \(directory)/proxy;
          fastcgi_temp_path \(directory)/fastcgi;
          uwsgi_temp_path \(directory)/uwsgi;
          scgi_temp_path \(directory)/scgi;
          client_max_body_size 64m;
          upstream model { server 127.0.0.1:\(upstream) max_fails=0; keepalive 8; }
          server {
            listen 127.0.0.1:\(port);
            location / {
              proxy_pass http://model;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
              proxy_buffering off;
            }
          }
        }

        """
      }, arguments: { _, _, file in ["-e", "stderr", "-c", file] })
  }

  private static var haproxy: Peer {
    Peer(
      name: "haproxy", program: installed("/usr/sbin/haproxy", "/usr/local/sbin/haproxy"),
      configuration: { port, upstream, _ in
        """
        defaults
          mode http
          timeout connect 5s
          timeout client 60s
          timeout server 60s
          option http-no-delay
        frontend agents
          bind 127.0.0.1:\(port)
          default_backend model
        backend model
          server one 127.0.0.1:\(upstream)

        """
      }, arguments: { _, _, file in ["-db", "-q", "-f", file] })
  }

  /// Starts it on a free port and waits until it takes connections.
  func start(_ program: String, upstream: SocketAddress, test: TestLoop) throws -> RunningPeer {
    let directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("holdfast-conformance-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let probe = try TCPListener(
      loop: test.loop, address: try SocketAddress(ip: "127.0.0.1", port: 0)
    ) { $0.close() }
    let port = probe.address.port
    probe.close()
    let file = directory.appendingPathComponent("configuration")
    try Data(configuration(port, upstream.port, directory.path).utf8).write(to: file)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments(port, upstream.port, file.path)
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    let address = try SocketAddress(ip: "127.0.0.1", port: port)
    let isUp = test.run {
      let peer = RawPeer(connectingTo: address, loop: test.loop)
      defer { peer.close() }
      return test.run(withinMillis: 500) { peer.isConnected || peer.failure != nil }
        && peer.isConnected
    }
    let running = RunningPeer(process: process, address: address, directory: directory)
    guard isUp else {
      running.stop()
      throw PeerFailure(text: "\(name) does not listen")
    }
    return running
  }
}

struct RunningPeer {
  var process: Process
  var address: SocketAddress
  var directory: URL

  func stop() {
    if process.isRunning { process.terminate() }
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: directory)
  }
}
