import Bytes
import Prefix
import Prompt
import TestSupport
import Testing

@Suite struct SnapshotTests {
  /// A pinned session with some history of mutations, and the talk that made it.
  private func session(_ dialect: Dialect, seed: UInt64, turns: Int = 12) throws -> (
    agent: PinnedAgent, talk: Conversation, last: PinnedAgent.Turn
  ) {
    var random = SplitMix(seed: seed)
    let agent = PinnedAgent(.hold, SessionTable(seed: UInt32(truncatingIfNeeded: seed)))
    var talk = Conversation(dialect: dialect)
    for _ in 0..<4 { talk.step() }
    var last = try #require(agent.send(talk))
    for _ in 0..<turns {
      mutate(&talk, &random)
      talk.step()
      last = try #require(agent.send(talk))
    }
    return (agent, talk, last)
  }

  /// A pinned session in which one result is held.
  private func heldSession() throws -> (talk: Conversation, held: PinnedAgent.Turn) {
    var (agent, talk, _) = try session(.openAIChat, seed: 7, turns: 0)
    talk.messages[2] = talk.messages[2].replacing("func part", "1| func part")
    talk.step()
    let held = try #require(agent.send(talk))
    #expect(held.decision.isRewritten)
    return (talk, held)
  }

  private func mutate(_ talk: inout Conversation, _ random: inout SplitMix) {
    let candidates = Mutation.all.filter { $0.dialects.contains(talk.dialect) }
    _ = candidates[Int.random(in: 0..<candidates.count, using: &random)]
      .apply(&talk, Int.random(in: 0..<50, using: &random))
  }

  @Test(arguments: [Dialect.openAIChat, .anthropicMessages], [1, 2, 3, 4, 5, 6] as [UInt64])
  func `a session restored at any turn forwards what the uninterrupted one forwards`(
    _ dialect: Dialect, _ seed: UInt64
  ) throws {
    var random = SplitMix(seed: seed)
    var (agent, talk, last) = try session(dialect, seed: seed, turns: Int(seed))
    for _ in 0..<12 {
      let snapshot = try #require(last.reception.session.snapshot)
      let restored = PinnedAgent(.hold, SessionTable(seed: 999))
      let read = try #require(SessionSnapshot(encoded: snapshot.encoded(.all)))
      #expect(try joined(snapshot.keptApart(.all))?.encoded(.all) == snapshot.encoded(.all))
      let copy = try #require(restored.restore(read))
      #expect(copy.id == last.reception.session.id)
      mutate(&talk, &random)
      talk.step()
      let turn = try #require(agent.send(talk))
      let other = try #require(restored.send(talk))
      #expect(other.forwarded == turn.forwarded)
      #expect(other.decision.outcome == turn.decision.outcome)
      #expect(other.reception.session.id == turn.reception.session.id)
      #expect(other.reception.turn == turn.reception.turn)
      last = turn
    }
  }

  @Test func `without the last body a new change is given up and what was held stays held`() throws
  {
    var (talk, held) = try heldSession()
    let encoded = try #require(held.reception.session.snapshot).encoded(.replacements)
    let restored = PinnedAgent(.hold, SessionTable())
    _ = restored.restore(try #require(SessionSnapshot(encoded: encoded)))
    talk.step()
    let next = try #require(restored.send(talk))
    #expect(next.decision.outcome == .untouched)
    #expect(Array(next.rendered.prefix(held.rendered.count)) == held.rendered)

    let again = PinnedAgent(.hold, SessionTable())
    _ = again.restore(try #require(SessionSnapshot(encoded: encoded)))
    talk.messages[4] = talk.messages[4].replacing("func part", "1| func part")
    talk.step()
    let changed = try #require(again.send(talk))
    #expect(changed.decision.outcome == .rebased("history not kept"))
    #expect(changed.forwarded == changed.received)
  }

  @Test func `without any text what was held is given up and declared`() throws {
    var (talk, held) = try heldSession()
    let encoded = try #require(held.reception.session.snapshot).encoded(.none)
    let text = encoded.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    #expect(!text.contains("func part"))
    let restored = PinnedAgent(.hold, SessionTable())
    _ = restored.restore(try #require(SessionSnapshot(encoded: encoded)))
    talk.step()
    let next = try #require(restored.send(talk))
    #expect(next.decision.outcome == .rebased("what was held was not kept over a restart"))
    #expect(next.reception.turn == held.reception.turn + 1)
  }

  /// What a store reads back of `kept`, without one of its texts.
  private func joined(_ kept: KeptApart, without missing: Int? = nil) throws -> SessionSnapshot? {
    var parts = texts(kept)
    if let missing { parts[kept.key(ofText: missing)] = nil }
    return SessionSnapshot(
      keptApart: kept.state, KeptTexts(body: body(kept), parts: parts, longestBody: 1 << 20))
  }

  private func texts(_ kept: KeptApart) -> [UInt64: [UInt8]] {
    var texts: [UInt64: [UInt8]] = [:]
    for at in 0..<kept.textCount { texts[kept.key(ofText: at)] = kept.withText(at) { Array($0) } }
    return texts
  }

  private func body(_ kept: KeptApart) -> [UInt64] {
    (0..<kept.bodyCount).map { kept.key(ofText: $0) }
  }

  @Test func `a state kept apart from its texts holds none of them and needs each one`() throws {
    let (_, held) = try heldSession()
    let kept = try #require(held.reception.session.snapshot).keptApart(.all)
    #expect(!String(decoding: kept.state, as: UTF8.self).contains("func part"))
    #expect(kept.bodyCount < kept.textCount)
    #expect(
      kept.textBytes == (0..<kept.textCount).reduce(0) { $0 + kept.withText($1) { $0.count } })
    #expect(try joined(kept) != nil)
    for missing in 0..<kept.textCount { #expect(try joined(kept, without: missing) == nil) }
  }

  @Test func `a text of another content under a known name is refused`() throws {
    let (_, _, last) = try session(.openAIChat, seed: 3)
    let kept = try #require(last.reception.session.snapshot).keptApart(.all)
    for wrong in 0..<kept.textCount {
      var parts = texts(kept)
      parts[kept.key(ofText: wrong)]?[0] ^= 1
      #expect(
        SessionSnapshot(
          keptApart: kept.state, KeptTexts(body: body(kept), parts: parts, longestBody: 1 << 20))
          == nil)
    }
  }

  @Test func `an encoded table is read back as it was`() throws {
    for seed in UInt64(1)...20 {
      let (_, _, last) = try session(.anthropicMessages, seed: seed)
      let encoded = last.decision.view.encoded()
      let read = try #require(ServerView(encoded: encoded))
      #expect(read.encoded() == encoded)
      #expect(read.isAsSent == last.decision.view.isAsSent)
    }
  }

  @Test(arguments: [SessionSnapshot.Text.none, .replacements, .all])
  func `damage is refused and never crashes`(_ text: SessionSnapshot.Text) throws {
    let (_, _, last) = try session(.openAIChat, seed: 11)
    let snapshot = try #require(last.reception.session.snapshot).encoded(text)
    let view = last.decision.view.encoded()
    var random = SplitMix(seed: 1)
    for _ in 0..<400 {
      for whole in [snapshot, view] {
        var damaged = whole
        if Bool.random(using: &random) {
          let at = Int.random(in: 0..<damaged.count, using: &random)
          damaged[at] ^= UInt8.random(in: 1...255, using: &random)
        } else {
          damaged = Array(damaged.prefix(Int.random(in: 0..<damaged.count, using: &random)))
        }
        #expect(SessionSnapshot(encoded: damaged) == nil)
        #expect(ServerView(encoded: damaged) == nil)
      }
    }
  }

  /// The digest keeps out what the disk damaged; behind it, the readers themselves must not trust a
  /// length or a number.
  @Test func `damage with a right digest is read without a crash`() throws {
    let (_, _, last) = try session(.openAIChat, seed: 11)
    var random = SplitMix(seed: 2)
    for text in [SessionSnapshot.Text.none, .replacements, .all] {
      let whole = try #require(last.reception.session.snapshot).encoded(text)
      for _ in 0..<600 {
        var damaged = Array(whole.dropLast(16))
        for _ in 0..<Int.random(in: 1...3, using: &random) {
          let at = Int.random(in: 0..<min(damaged.count, 400), using: &random)
          damaged[at] = UInt8.random(in: 0...255, using: &random)
        }
        var writer = BinaryWriter()
        writer.digest(damaged.withUnsafeBytes { Digest(of: $0) })
        guard let read = SessionSnapshot(encoded: damaged + writer.bytes) else { continue }
        let restored = PinnedAgent(.hold, SessionTable())
        _ = restored.restore(read)
        var talk = Conversation()
        for _ in 0..<6 { talk.step() }
        _ = restored.send(talk)
      }
    }
  }
}
