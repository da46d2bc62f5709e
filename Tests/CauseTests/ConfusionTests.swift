import Bytes
import Foundation
import Prefix
import Prompt
import TestSupport
import Testing

/// Several agents at once, each changing its history now and then: every change must be named, with
/// its place to the byte, and nothing else may be.
@Suite struct ConfusionTests {
  @Test(arguments: Change.every)
  func `every change is named with its place, and nothing else is`(_ dialect: Dialect) throws {
    // Long runs print what was taken for what.
    let asked = ProcessInfo.processInfo.environment["HOLDFAST_ROUNDS"].flatMap(Int.init)
    var matrix = Matrix()
    for round in 0..<(asked ?? 12) {
      try play(dialect, seed: UInt64(round), &matrix)
    }
    #expect(matrix.wrong.isEmpty, "\(matrix.stories.joined(separator: "\n"))")
    if asked != nil { print("\(dialect): \(matrix)") }
  }

  private func play(_ dialect: Dialect, seed: UInt64, _ matrix: inout Matrix) throws {
    let table = SessionTable(seed: UInt32(truncatingIfNeeded: seed))
    let changes = Change.all.filter { $0.dialects.contains(dialect) }
    var random = SplitMix(seed: seed &* 977 &+ 3)
    var agents = (0..<3).map { number in
      TestAgent(Talk.ready(dialect, seed: seed &* 10 &+ UInt64(number)), number)
    }
    for at in agents.indices { _ = try agents[at].send(to: table) }
    for _ in 0..<30 {
      let at = Int.random(in: 0..<agents.count, using: &random)
      if Int.random(in: 0..<10, using: &random) == 0 {
        try title(table, agents[at], &matrix)
        continue
      }
      let change = changes[Int.random(in: 0..<changes.count, using: &random)]
      try turn(table, &agents[at], change, &matrix)
    }
  }

  private func turn(
    _ table: SessionTable, _ agent: inout TestAgent, _ change: Change, _ matrix: inout Matrix
  ) throws {
    var talk = agent.talk
    guard change.apply(&talk) else { return }
    let before = agent.sent
    if !change.isAside {
      agent.talk = talk
      agent.talk.goOn()
      talk = agent.talk
    }
    let now = Rendering(talk)
    let reception = try agent.send(now, to: table)
    if !change.isAside { agent.sent = now }
    let verdict = CauseFinder.verdict(reception)
    matrix.count(change, verdict.cause)
    agent.story.append(change.name)
    if verdict.cause != change.cause {
      matrix.stories.append(
        "\(verdict.cause) (\(reception.relation)) after \(agent.story.suffix(6)), messages \(before.pieces(of: .messages).count) -> \(now.pieces(of: .messages).count)"
      )
    }
    guard verdict.cause == change.cause, change.hasPlace, change.cause != .none else { return }
    let position = try #require(verdict.position, "\(change.name)")
    guard change.cause != .knob else {
      #expect(position.group == .knobs)
      return
    }
    let expected = try #require(Difference(before, now, isNeutral: false))
    #expect(
      position.group == expected.group && position.index == expected.index,
      "\(change.name): \(position.path), not \(expected)")
    if let offset = expected.bodyOffset {
      #expect(position.bodyOffset == offset, "\(change.name): \(position)")
      #expect(position.blockOffset == expected.blockOffset)
    }
  }

  /// A small request beside the conversation, as agents send to name it.
  private func title(_ table: SessionTable, _ agent: TestAgent, _ matrix: inout Matrix) throws {
    var talk = agent.talk
    talk.system = ["You write titles."]
    talk.tools = []
    talk.messages = [talk.user("Give a title of three words: " + talk.words(12))]
    let reception = try agent.send(Rendering(talk), to: table)
    matrix.count(Self.aTitle, CauseFinder.verdict(reception).cause)
  }

  private static let aTitle = Change(.none, "a title is asked for") { _ in true }
}

/// The first piece that is not what it was.
private struct Difference {
  var group: BlockGroup
  var index: Int
  var bodyOffset: Int?
  var blockOffset = 0

  init?(_ old: Rendering, _ new: Rendering, isNeutral: Bool) {
    for group in [BlockGroup.tools, .system, .messages] {
      let before = old.pieces(of: group)
      let after = new.pieces(of: group)
      for (index, piece) in before.enumerated() {
        guard index < after.count else {
          self.init(group: group, index: index)
          return
        }
        guard after[index].bytes != piece.bytes else { continue }
        let common = zip(piece.bytes, after[index].bytes).prefix { $0 == $1 }.count
        self.init(
          group: group, index: index, bodyOffset: after[index].offset + common,
          blockOffset: common)
        return
      }
      if group != .messages, after.count > before.count {
        self.init(group: group, index: before.count, bodyOffset: after[before.count].offset)
        return
      }
    }
    return nil
  }

  private init(group: BlockGroup, index: Int, bodyOffset: Int? = nil, blockOffset: Int = 0) {
    self.group = group
    self.index = index
    self.bodyOffset = bodyOffset
    self.blockOffset = blockOffset
  }
}

private struct TestAgent {
  var talk: Talk
  var sent: Rendering
  let connection: UInt64
  /// What was changed so far, for the report of a failure.
  var story: [String] = []

  init(_ talk: Talk, _ number: Int) {
    self.talk = talk
    sent = Rendering(talk)
    // Two of them share a connection.
    connection = UInt64(number % 2)
  }

  mutating func send(to table: SessionTable) throws -> Reception {
    sent = Rendering(talk)
    return try send(sent, to: table)
  }

  func send(_ request: Rendering, to table: SessionTable) throws -> Reception {
    let context = RequestContext(
      key: GroupKey(credential: 1, upstream: 0, dialect: talk.dialect), hint: nil,
      connection: connection, now: 1000,
      order: talk.dialect == .anthropicMessages ? .toolsFirst : .systemFirst)
    return try #require(
      table.receive(ByteBuffer(copying: request.body), dialect: talk.dialect, context))
  }
}

extension Talk {
  /// A conversation that is under way, with everything in it that may change.
  static func ready(_ dialect: Dialect, seed: UInt64) -> Talk {
    var talk = Talk(dialect, seed: seed)
    if dialect == .anthropicMessages { talk.system.insert(billingLine(0xABCDE), at: 0) }
    talk.step()
    talk.ask()
    talk.messages[talk.messages.count - 1].parts = [
      .text("Look at this picture: " + talk.words(4)),
      .image("iVBORw0KGgo" + String(seed)),
    ]
    talk.step()
    talk.ask()
    if case .text(let text) = talk.messages[talk.messages.count - 1].parts[0] {
      talk.messages[talk.messages.count - 1].parts[0] = .text(
        text + "\n<system-reminder>Your list of things to do is empty.</system-reminder>")
    }
    for _ in 0..<4 { talk.step() }
    return talk
  }
}

/// How often which change was called what.
private struct Matrix: CustomStringConvertible {
  private var counts: [String: [Cause: Int]] = [:]
  private var expected: [String: Cause] = [:]
  /// What led to each wrong name.
  var stories: [String] = []

  mutating func count(_ change: Change, _ cause: Cause) {
    counts[change.name, default: [:]][cause, default: 0] += 1
    expected[change.name] = change.cause
  }

  var wrong: [String] {
    counts.flatMap { name, found in
      found.filter { $0.key != expected[name] }.map { "\(name) was called \($0.key) \($0.value)x" }
    }.sorted()
  }

  var description: String {
    let rows = counts.sorted { $0.key < $1.key }.map { name, found in
      let right = expected[name].flatMap { found[$0] } ?? 0
      let total = found.values.reduce(0, +)
      let others = found.filter { $0.key != expected[name] }.map { "\($0.key) \($0.value)" }
      return "\(right)/\(total) \(name): \(expected[name] ?? .none) \(others.sorted())"
    }
    return "\(counts.values.flatMap(\.values).reduce(0, +)) turns\n" + rows.joined(separator: "\n")
  }
}
