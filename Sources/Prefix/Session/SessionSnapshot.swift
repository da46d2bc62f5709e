public import Bytes
import Prompt
import Upstream

/// All that a session's next decision depends on, for keeping it over a restart.
///
/// Taken on the loop thread behind a decision or an answer; that copies no text, so that a store may
/// encode it on its own thread. The next forwarded body of a session that was restored from it is the one
/// the uninterrupted run would have forwarded, if these are the same, too: the mode and switches that
/// apply to all sessions, what is known of the upstream (kind, window), and the hash that stands for
/// the credential.
///
/// What is kept, and what for:
/// - Digests and places of the blocks of the agent's last request (H): find the session and align
///   the next request with it. No text.
/// - The translation table (S) with its replacement bytes: without them everything that was held
///   would have to be given up.
/// - What the model wrote last, for pinning the agent's echo of it.
/// - The agent's last body: a change that the agent makes after the restart can be repaired only by
///   the bytes that stood there before, and which block it will change cannot be known. Without it
///   such a change is accepted as sent and declared, while what was held before stays held.
public struct SessionSnapshot: @unchecked Sendable {
  /// How much text the encoded form holds.
  public enum Text: UInt8, Sendable, Comparable {
    /// None: the conversation is known again, what was held is given up and declared.
    case none
    /// The bytes that stand in place of the agent's own.
    case replacements
    /// Those, and the agent's last body: the decisions are those of a run without the restart.
    case all

    public static func < (a: Text, b: Text) -> Bool { a.rawValue < b.rawValue }
  }

  public let id: SessionID
  /// The index of the upstream and the hash of the credential are those of the run it was taken in;
  /// whoever restores it puts in those of its own.
  public var key: GroupKey
  let parent: SessionID?
  public let turns: Int
  let mode: PinMode
  let repairs: RepairSet
  let agent: String

  let hint: UInt64?
  let isSideCall: Bool
  let modeIsChosen: Bool
  let audit: PinAudit
  let estimate: TokenEstimate
  let lastPrompt: (bytes: Int, tokens: Int?)
  let lastResponse: UInt64?
  /// Its body is never written to once it is in a history, so it may be read on another thread.
  private(set) var history: History
  private(set) var view: ServerView?
  private(set) var generated: GeneratedMessage?

  /// nil before the first turn.
  init?(_ session: Session) {
    guard let history = session.history else { return nil }
    id = session.id
    key = session.key
    parent = session.parent
    turns = session.turns
    mode = session.mode
    repairs = session.repairs
    agent = session.agent
    hint = session.hint
    isSideCall = session.isSideCall
    modeIsChosen = session.modeIsChosen
    audit = session.audit
    estimate = session.estimate
    lastPrompt = session.lastPrompt
    lastResponse = session.lastResponse
    self.history = history
    view = session.view
    generated = session.generated
  }

  /// The agent's last body, never written to; nil if only its digests are left.
  public var body: ByteBuffer? { history.body }

  /// The same without any text: the conversation is known again by it, what was held is not.
  public var withoutText: SessionSnapshot {
    var copy = self
    copy.history = History(
      index: history.index, model: history.model, inheritedBytes: history.inheritedBytes)
    copy.view = view?.lost
    copy.generated = nil
    return copy
  }
}

extension SessionSnapshot {
  private static let version: UInt8 = 3

  /// - Complexity: one copy of the body and of the replacement bytes.
  public func encoded(_ text: Text) -> [UInt8] {
    var pieces = PieceWriter(keepsApart: false)
    return encoded(text, &pieces)
  }

  /// The same in two parts: what changes on every turn, and the texts that stay.
  /// - Complexity: grows with the number of blocks, not with the texts.
  public func keptApart(_ text: Text) -> KeptApart {
    var pieces = PieceWriter(keepsApart: true)
    let state = encoded(text, &pieces)
    var apart = KeptApart(state: state, pieces: pieces.apart)
    if text == .all, let body = history.body {
      apart.add(BodyPart.parts(of: body, history.index), of: body)
    }
    return apart
  }

  private func encoded(_ text: Text, _ pieces: inout PieceWriter) -> [UInt8] {
    var writer = BinaryWriter()
    writer.byte(Self.version)
    writer.number(UInt64(id.raw))
    writer.word(UInt64(bitPattern: Int64(key.credential)))
    writer.count(key.upstream)
    writer.optional(parent) { $0.number(UInt64($1.raw)) }
    writer.count(turns)
    writer.byte(mode.rawValue)
    writer.number(UInt64(repairs.rawValue))
    writer.text(agent)
    writer.optional(hint) { $0.word($1) }
    writer.flag(isSideCall)
    writer.flag(modeIsChosen)
    audit.encode(to: &writer)
    estimate.encode(to: &writer)
    writer.count(lastPrompt.bytes)
    writer.optional(lastPrompt.tokens) { $0.count($1) }
    writer.optional(lastResponse) { $0.word($1) }
    writer.text(history.model)
    writer.count(history.inheritedBytes)
    if text == .all, let body = history.body {
      writer.byte(BodyForm(isApart: pieces.keepsApart).rawValue)
      writer.byte(history.index.dialect.rawValue)
      if !pieces.keepsApart { writer.blob(body.bytes) }
    } else {
      writer.byte(BodyForm.none.rawValue)
      history.index.encode(to: &writer)
    }
    let kept = text == .none ? view?.lost : view
    writer.optional(kept) { $1.encode(to: &$0, &pieces) }
    writer.optional(text == .all ? generated : nil, Self.write)
    writer.digest(writer.bytes.withUnsafeBytes { Digest(of: $0) })
    return writer.bytes
  }

  /// nil if `bytes` are not what `encoded` gave, whole and undamaged.
  public init?(encoded bytes: [UInt8]) { self.init(bytes, KeptTexts()) }

  /// nil if this is not what `keptApart` gave, whole and undamaged.
  public init?(keptApart state: [UInt8], _ texts: KeptTexts) { self.init(state, texts) }

  private init?(_ bytes: [UInt8], _ texts: KeptTexts) {
    guard let state = Checksum.verified(bytes) else { return nil }
    var reader = BinaryReader(state)
    guard let snapshot = try? SessionSnapshot(from: &reader, texts), reader.remaining == 0 else {
      return nil
    }
    self = snapshot
  }

  private init(
    from reader: inout BinaryReader, _ texts: KeptTexts
  ) throws(BinaryReader.Damaged) {
    guard try reader.byte() == Self.version else { throw BinaryReader.Damaged() }
    id = try Self.id(&reader)
    let credential = Int(truncatingIfNeeded: Int64(bitPattern: try reader.word()))
    let upstream = try reader.count(upTo: Int(UInt32.max))
    parent = try reader.optional(Self.id)
    turns = try reader.count(upTo: Int(UInt32.max))
    guard let mode = PinMode(rawValue: try reader.byte()) else { throw BinaryReader.Damaged() }
    self.mode = mode
    repairs = RepairSet(rawValue: UInt32(try reader.count(upTo: Int(UInt32.max))))
    agent = try reader.text()
    hint = try reader.optional { (reader) throws(BinaryReader.Damaged) in try reader.word() }
    isSideCall = try reader.flag()
    modeIsChosen = try reader.flag()
    audit = try PinAudit(from: &reader)
    estimate = try TokenEstimate(from: &reader)
    let promptBytes = try reader.count(upTo: 1 << 48)
    let promptTokens = try reader.optional { (reader) throws(BinaryReader.Damaged) in
      try reader.count(upTo: 1 << 48)
    }
    lastPrompt = (promptBytes, promptTokens)
    lastResponse = try reader.optional { (reader) throws(BinaryReader.Damaged) in
      try reader.word()
    }
    let model = try reader.text()
    let inherited = try reader.count(upTo: 1 << 48)
    history = try Self.history(&reader, texts, model, inherited)
    key = GroupKey(
      credential: credential, upstream: upstream, dialect: history.index.dialect)
    let pieces = PieceReader(apart: texts.parts)
    view = try reader.optional { (reader) throws(BinaryReader.Damaged) in
      try ServerView(from: &reader, pieces)
    }
    generated = try reader.optional(Self.message)
    if let view, view.entries.count != history.index.blocks.count {
      throw BinaryReader.Damaged()
    }
  }

  private static func write(_ writer: inout BinaryWriter, _ message: GeneratedMessage) {
    writer.text(message.text)
    writer.text(message.reasoning)
    writer.count(message.toolCalls.count)
    for call in message.toolCalls {
      for part in [call.id, call.name, call.arguments] { writer.text(part) }
    }
    writer.flag(message.isTruncated)
  }

  private static func message(
    _ reader: inout BinaryReader
  ) throws(BinaryReader.Damaged) -> GeneratedMessage {
    var message = GeneratedMessage()
    message.text = try reader.text()
    message.reasoning = try reader.text()
    for _ in 0..<(try reader.elements(ofSize: 3)) {
      let id = try reader.text()
      let name = try reader.text()
      message.toolCalls.append(.init(id: id, name: name, arguments: try reader.text()))
    }
    message.isTruncated = try reader.flag()
    return message
  }

  private static func id(_ reader: inout BinaryReader) throws(BinaryReader.Damaged) -> SessionID {
    SessionID(raw: UInt32(try reader.count(upTo: Int(UInt32.max))))
  }

  private static func history(
    _ reader: inout BinaryReader, _ texts: KeptTexts, _ model: String, _ inherited: Int
  ) throws(BinaryReader.Damaged) -> History {
    guard let form = BodyForm(rawValue: try reader.byte()) else { throw BinaryReader.Damaged() }
    if form == .none {
      return History(
        index: try RequestIndex(from: &reader), model: model, inheritedBytes: inherited)
    }
    guard let dialect = Dialect(rawValue: try reader.byte()),
      let body = form == .here ? ByteBuffer(copying: Array(try reader.blob())) : texts.joinedBody,
      let index = RequestIndexer.index(body.bytes, dialect: dialect),
      form == .here || BodyPart.parts(of: body, index).map(\.key) == texts.body
    else { throw BinaryReader.Damaged() }
    return History(index: index, body: body, inheritedBytes: inherited)
  }

  private enum BodyForm: UInt8 {
    /// Digests and places only.
    case none
    case here
    /// In the pieces that are kept apart, which the index is made of again.
    case apart

    init(isApart: Bool) { self = isApart ? .apart : .here }
  }
}
