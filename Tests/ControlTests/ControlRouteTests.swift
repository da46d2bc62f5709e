import Prefix
import Testing
import Wire

@testable import Control

@Suite struct ControlRouteTests {
  private static func route(
    _ line: String, host: String? = "localhost", surface: ControlSurface = .everything,
    isReadOnly: Bool = false
  ) throws -> ControlRoute {
    let words = line.split(separator: " ").map(String.init)
    var fields = HeaderFields()
    if let host { fields.append(name: "Host", value: host) }
    return try ControlRoute(
      RequestHead(method: words[0], target: words[1], fields: fields), surface: surface,
      isReadOnly: isReadOnly)
  }

  private static func status(_ body: () throws -> ControlRoute) -> Int? {
    do {
      _ = try body()
      return nil
    } catch {
      return (error as? ControlRefusal)?.status
    }
  }

  @Test func `each path has its route`() throws {
    #expect(try Self.route("GET /health") == .health)
    #expect(try Self.route("GET /metrics?x=1") == .metrics)
    #expect(try Self.route("HEAD /sessions") == .sessions)
    #expect(try Self.route("GET /events") == .events)
    #expect(try Self.route("POST /mode") == .setMode(nil))
    #expect(
      try Self.route("POST /sessions/a1b2c3d4/mode") == .setMode(SessionID(raw: 0xa1b2_c3d4)))
    #expect(
      try Self.route("POST /sessions/0000002a/repairs") == .setRepairs(SessionID(raw: 42)))
    #expect(try Self.route("POST /repairs") == .setRepairs(nil))
    #expect(try Self.route("POST /drain") == .drain)
    #expect(try Self.route("POST /stop") == .stop)
  }

  @Test(arguments: [
    ("GET /", 404), ("GET /nothing", 404), ("GET /health/", 404), ("OPTIONS *", 404),
    ("POST /sessions/a1b2/mode", 404), ("POST /sessions/a1b2c3dz/mode", 404),
    ("POST /health", 405), ("GET /mode", 405), ("DELETE /sessions", 405), ("GET /stop", 405),
  ])
  func `what is not there, or not in this way, is refused`(line: String, expected: Int) {
    #expect(Self.status { try Self.route(line) } == expected)
  }

  @Test func `read-only refuses every change and answers every question`() throws {
    for line in ["POST /mode", "POST /sessions/a1b2c3d4/mode", "POST /drain", "POST /stop"] {
      #expect(Self.status { try Self.route(line, isReadOnly: true) } == 403)
    }
    #expect(try Self.route("GET /sessions", isReadOnly: true) == .sessions)
  }

  @Test func `a port for figures has nothing else`() throws {
    #expect(try Self.route("GET /metrics", surface: .metrics) == .metrics)
    #expect(try Self.route("GET /health", surface: .metrics) == .health)
    for line in ["GET /sessions", "GET /events", "POST /mode", "POST /stop"] {
      #expect(Self.status { try Self.route(line, surface: .metrics) } == 404)
    }
  }

  @Test(arguments: [
    "localhost", "LOCALHOST:8089", "127.0.0.1", "127.0.0.1:9100", "[::1]", "[::1]:9100",
    "me.localhost", "192.168.1.5:9100",
  ])
  func `local names and addresses are accepted as Host`(host: String) throws {
    #expect(try Self.route("GET /health", host: host) == .health)
  }

  @Test(arguments: ["evil.example", "localhost.evil.example:80", "1.2.3.4.evil", "127.0.0.256"])
  func `a name that somebody else may own is refused as Host`(host: String) {
    #expect(Self.status { try Self.route("GET /health", host: host) } == 403)
  }

  @Test func `a request of HTTP 1-0 without Host is answered`() throws {
    #expect(try Self.route("GET /health", host: nil) == .health)
  }
}
