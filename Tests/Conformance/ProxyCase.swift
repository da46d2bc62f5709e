/// What a client sends and an upstream answers through a proxy, and what RFC 9110 and RFC 9112 let
/// the proxy make of it. Judged by what reached the upstream and what the client saw.
public struct ProxyCase: Sendable, CustomStringConvertible {
  public enum ClientStep: Sendable {
    case send([UInt8])
    /// Wait until this many final responses are complete.
    case awaitResponses(Int)
    case awaitInterim
    /// End the sending direction.
    case end
  }

  /// What the upstream does about one request.
  public struct Answer: Sendable {
    public enum Ending: Sendable { case stay, end, reset }

    public var bytes: [UInt8]
    public var ending: Ending
    /// Does not wait for the request's body, and reads no more of it.
    public var isEarly: Bool

    public init(_ text: String, _ ending: Ending = .stay, isEarly: Bool = false) {
      self.init(bytes: Array(text.utf8), ending, isEarly: isEarly)
    }

    public init(bytes: [UInt8], _ ending: Ending = .stay, isEarly: Bool = false) {
      self.bytes = bytes
      self.ending = ending
      self.isEarly = isEarly
    }
  }

  /// Of the RFC: `9112 6.3`.
  public var section: String
  public var name: String
  public var client: [ClientStep]
  /// For the first request, the second and so on; the last one is for all further ones.
  public var answers: [Answer]
  /// Methods of the requests, where one is not GET or POST.
  public var methods: [String]
  public var expectation: Expectation

  public var description: String { "RFC \(section): \(name)" }

  /// The chapter that a table sums it up under: `9112 6` for `9112 6.3`.
  public var chapter: String {
    let end = section.lastIndex(of: " ") ?? section.startIndex
    return String(section[..<end]) + section[end...].prefix { $0 != "." }
  }
}

/// What everybody saw in a run of a case.
public struct Observation: Sendable {
  /// Complete requests, in the order of their connections.
  public var forwarded: [Message] = []
  /// Whether there was the beginning of another request.
  public var hasPartialRequest = false
  /// Why something that reached the upstream is no request.
  public var unreadableRequest: String?
  /// Final responses; the last one may be incomplete.
  public var responses: [Message] = []
  public var interims: [Int] = []
  public var unreadableResponse: String?
  /// The client learnt that no more would come: by the end of data or by a reset.
  public var clientIsOver = false
  /// Steps of the client's script are left.
  public var isWaiting = false
}

/// What may come of a case.
public struct Expectation: Sendable {
  /// Nil if it is met, else what is not.
  let objection: @Sendable (Observation) -> String?

  public func objection(to observation: Observation) -> String? { objection(observation) }

  /// Either will do: the RFC leaves the choice.
  public func or(_ other: Expectation) -> Expectation {
    Expectation { seen in
      guard let first = objection(seen), let second = other.objection(seen) else { return nil }
      return "\(first); and \(second)"
    }
  }

  public func and(_ other: Expectation) -> Expectation {
    Expectation { seen in objection(seen) ?? other.objection(seen) }
  }
}

/// A request as it has to reach the upstream.
public struct Sent: Sendable {
  var targets: [String]
  var body: String
  var method: String?
  var has: [String]
  var lacks: [String]

  /// - Parameters:
  ///   - target: one of those given.
  ///   - has: field lines, `name: value` with the name in lower case.
  ///   - lacks: names in lower case.
  public init(
    _ targets: String..., body: String = "", method: String? = nil, has: [String] = [],
    lacks: [String] = []
  ) {
    self.targets = targets
    self.body = body
    self.method = method
    self.has = has
    self.lacks = lacks
  }

  func objection(to message: Message) -> String? {
    let target = message.words.count > 1 ? String(message.words[1]) : ""
    if !targets.contains(target) { return "forwarded target \(target)" }
    if message.text != body { return "forwarded body \(message.text.prefix(60).debugDescription)" }
    if let method, !message.start.hasPrefix(method + " ") { return "forwarded \(message.start)" }
    for line in has where !message.fields.contains(where: { "\($0.name): \($0.value)" == line }) {
      return "not forwarded: \(line.prefix(60))"
    }
    for name in lacks where !message.values(name).isEmpty { return "forwarded field \(name)" }
    return nil
  }
}

extension Expectation {
  /// Answered with one of these statuses, and the upstream saw nothing of it.
  public static func refused(_ statuses: Int...) -> Expectation {
    Expectation { seen in
      if let objection = nothingForwarded(seen) { return objection }
      if seen.hasPartialRequest { return "a part was forwarded" }
      return answer(seen, statuses)
    }
  }

  /// The same for a fault in a body, which a proxy that streams finds when a part is on its way: no
  /// complete request arrives, and the connection ends.
  public static func refusedInBody(_ statuses: Int...) -> Expectation {
    Expectation { seen in
      if let objection = nothingForwarded(seen) { return objection }
      if !seen.clientIsOver { return "the connection goes on" }
      return seen.responses.isEmpty ? nil : answer(seen, statuses)
    }
  }

  /// The connection is closed without an answer.
  public static var closed: Expectation {
    Expectation { seen in
      if let objection = nothingForwarded(seen) { return objection }
      if !seen.responses.isEmpty { return "answered \(seen.responses[0].status)" }
      return seen.clientIsOver ? nil : "no answer"
    }
  }

  /// No complete request arrived, and the rest of it may still come.
  public static var awaitsMore: Expectation {
    Expectation { seen in
      nothingForwarded(seen) ?? seen.responses.first.map { "answered \($0.status)" }
    }
  }

  private static func nothingForwarded(_ seen: Observation) -> String? {
    if let reason = seen.unreadableRequest { return "forwarded: \(reason)" }
    return seen.forwarded.first.map { "forwarded: \($0.start.prefix(80))" }
  }

  private static func answer(_ seen: Observation, _ statuses: [Int]) -> String? {
    if let reason = seen.unreadableResponse { return "answered: \(reason)" }
    guard let first = seen.responses.first, first.isComplete else { return "no answer" }
    if seen.responses.count > 1 { return "\(seen.responses.count) answers" }
    return statuses.contains(first.status) ? nil : "answered \(first.status)"
  }

  /// Exactly these requests reached the upstream, and each was answered with what it said.
  public static func forwards(_ requests: Sent...) -> Expectation {
    Expectation { seen in
      if let reason = seen.unreadableRequest { return "forwarded: \(reason)" }
      if let reason = seen.unreadableResponse { return "answered: \(reason)" }
      if seen.forwarded.count != requests.count {
        return "\(seen.forwarded.count) requests forwarded: \(seen.forwarded.map { $0.start })"
      }
      if seen.hasPartialRequest { return "a part of another request was forwarded" }
      for (request, message) in zip(requests, seen.forwarded) {
        if let objection = request.objection(to: message) { return objection }
      }
      let complete = seen.responses.filter { $0.isComplete && $0.status < 500 }
      if complete.count < requests.count { return "\(complete.count) answers" }
      return seen.responses.count > requests.count ? "\(seen.responses.count) answers" : nil
    }
  }

  /// The client got exactly these responses, complete: status and body.
  public static func answers(_ expected: (status: Int, body: String)...) -> Expectation {
    Expectation { seen in
      if let reason = seen.unreadableResponse { return "answered: \(reason)" }
      let got = seen.responses.map { ($0.status, $0.text, $0.isComplete) }
      if got.contains(where: { !$0.2 }) { return "an incomplete answer" }
      if got.count != expected.count { return "\(got.count) answers: \(got.map { $0.0 })" }
      for (one, other) in zip(got, expected) where (one.0, one.1) != (other.status, other.body) {
        return "answered \(one.0) \(one.1.prefix(60).debugDescription)"
      }
      return seen.isWaiting ? "the connection did not go on" : nil
    }
  }

  /// Any answer, as long as it is one.
  public static func status(_ statuses: Int...) -> Expectation {
    Expectation { answer($0, statuses) }
  }

  /// The client cannot take what it got for a whole response: the connection broke off, or it was
  /// told that the gateway failed.
  public static var visiblyBroken: Expectation {
    Expectation { seen in
      if let reason = seen.unreadableResponse { return "answered: \(reason)" }
      guard let first = seen.responses.first else {
        return seen.clientIsOver ? nil : "no answer"
      }
      if first.isComplete {
        return [502, 503, 504].contains(first.status) ? nil : "looks complete: \(first.status)"
      }
      return seen.clientIsOver ? nil : "the client still waits"
    }
  }

  /// The connection to the client ends.
  public static var closes: Expectation {
    Expectation { $0.clientIsOver ? nil : "the connection goes on" }
  }

  /// The client got these interim responses.
  public static func interims(_ statuses: Int...) -> Expectation {
    Expectation { $0.interims == statuses ? nil : "interim responses \($0.interims)" }
  }

  /// The head of the first answer has these field lines and lacks fields of those names.
  public static func head(has: [String] = [], lacks: [String] = []) -> Expectation {
    Expectation { seen in
      guard let first = seen.responses.first else { return "no answer" }
      for line in has where !first.fields.contains(where: { "\($0.name): \($0.value)" == line }) {
        return "the answer lacks \(line.prefix(60))"
      }
      for name in lacks where !first.values(name).isEmpty { return "the answer has \(name)" }
      return nil
    }
  }
}
