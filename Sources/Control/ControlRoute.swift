import Prefix
import Wire

/// What can be asked for at a control socket.
enum ControlRoute: Equatable {
  case health
  case metrics
  case sessions
  case events
  /// nil: all sessions, and those to come.
  case setMode(SessionID?)
  case setRepairs(SessionID?)
  case drain
  case stop

  /// Whether it changes something.
  var changes: Bool {
    switch self {
    case .health, .metrics, .sessions, .events: false
    case .setMode, .setRepairs, .drain, .stop: true
    }
  }
}

/// Which of the routes a listener has.
public enum ControlSurface: Sendable {
  /// Everything; for a socket that only its owner reaches.
  case everything
  /// Figures only, without sessions: for a port that a monitoring system reads.
  case metrics
}

/// A request that is answered with an error.
struct ControlRefusal: Error, Equatable {
  var status: Int
  var reason: String
  /// Value of the Allow field, with status 405.
  var allow: String?
}

extension ControlRoute {
  init(
    _ head: RequestHead, surface: ControlSurface, isReadOnly: Bool
  ) throws(ControlRefusal) {
    try Self.checkHost(head)
    let parts = head.path.split(separator: "/", omittingEmptySubsequences: false).dropFirst()
    let route = try Self.route(Array(parts), head.path)
    if surface == .metrics, route != .metrics, route != .health {
      throw Self.unknown(head.path)
    }
    let methods = route.changes ? ["POST"] : ["GET", "HEAD"]
    guard methods.contains(head.method) else {
      throw ControlRefusal(
        status: 405, reason: "\(head.path) takes \(methods[0])",
        allow: methods.joined(separator: ", "))
    }
    if route.changes, isReadOnly {
      throw ControlRefusal(
        status: 403, reason: "this proxy was started with --read-only: nothing is changed")
    }
    self = route
  }

  private static func route(
    _ parts: [Substring], _ path: String
  ) throws(ControlRefusal) -> ControlRoute {
    switch parts.count {
    case 1:
      switch parts[0] {
      case "health": return .health
      case "metrics": return .metrics
      case "sessions": return .sessions
      case "events": return .events
      case "mode": return .setMode(nil)
      case "repairs": return .setRepairs(nil)
      case "drain": return .drain
      case "stop": return .stop
      default: throw unknown(path)
      }
    case 3 where parts[0] == "sessions" && (parts[2] == "mode" || parts[2] == "repairs"):
      guard parts[1].utf8.count == 8, let raw = UInt32(parts[1], radix: 16) else {
        throw ControlRefusal(
          status: 404, reason: "'\(parts[1])' is no session; its id has eight hexadecimal digits")
      }
      let session = SessionID(raw: raw)
      return parts[2] == "mode" ? .setMode(session) : .setRepairs(session)
    default: throw unknown(path)
    }
  }

  private static func unknown(_ path: String) -> ControlRefusal {
    ControlRefusal(status: 404, reason: "there is nothing at \(path)")
  }

  /// A page in a browser can make a name of its own point to this machine; an address or
  /// `localhost` cannot be made to mean something else.
  private static func checkHost(_ head: RequestHead) throws(ControlRefusal) {
    guard let host = head.fields.first("host") else { return }
    guard !HostName.isLocal(host) else { return }
    throw ControlRefusal(
      status: 403, reason: "Host has to be localhost or an IP address, not '\(host)'")
  }
}
