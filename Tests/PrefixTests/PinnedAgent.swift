import Bytes
import Prefix
import Prompt

/// An agent whose requests go through the pin engine, and the server's side of it.
final class PinnedAgent {
  struct Turn {
    var reception: Reception
    var decision: PinDecision
    var received: [UInt8]
    var forwarded: [UInt8]

    var index: RequestIndex? {
      let body = ByteBuffer(copying: forwarded)
      return withExtendedLifetime(body) {
        RequestIndexer.index(body.bytes, dialect: reception.history.index.dialect)
      }
    }

    /// The blocks that a server renders, as digests of what it would see of them.
    var rendered: [Digest] {
      guard let index else { return [] }
      return index.blocks[index.indices(of: .tools).lowerBound...].map { block in
        forwarded[block.range].withUnsafeBytes { Self.renderedDigest($0) }
      }
    }

    private static func renderedDigest(_ bytes: UnsafeRawBufferPointer) -> Digest {
      // Markers are the agent's to move; everything else counts byte for byte.
      Digest(
        of: String(decoding: bytes, as: UTF8.self)
          .replacing(#""cache_control":{"type":"ephemeral"},"#, "").replacing(Script.marker, ""))
    }
  }

  let agent: Agent
  var policy: PinPolicy
  /// The session of the last request.
  var lastSession: Session?

  init(_ mode: PinMode, _ table: SessionTable = SessionTable()) {
    agent = Agent(table)
    policy = PinPolicy(mode: mode)
  }

  func restore(_ snapshot: SessionSnapshot) -> Session? {
    agent.table.restore(snapshot, now: 500)
  }

  /// Decides as the engine does, and keeps the table.
  func decide(_ reception: Reception) -> PinDecision {
    let source = reception.relation == .branch ? reception.session.parent : reception.session.id
    let decision = PinEngine.decide(
      reception, source.flatMap { agent.table.session($0)?.view }, policy)
    if reception.relation != .compactionCall { reception.session.view = decision.view }
    return decision
  }

  func send(_ talk: Conversation) -> Turn? {
    guard let reception = agent.send(talk) else { return nil }
    let decision = decide(reception)
    return Turn(
      reception: reception, decision: decision, received: Array(talk.json().utf8),
      forwarded: decision.body.flatMap { Array($0.bytes) })
  }
}
