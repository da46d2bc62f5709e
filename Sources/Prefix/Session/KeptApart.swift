import Bytes

/// A session's state as a store keeps it that writes on every turn: a short part that is new each
/// time, and the texts it names, most of which are there already.
/// Immutable; may be read on any thread.
public struct KeptApart: @unchecked Sendable {
  public let state: [UInt8]
  private var agentBody: ByteBuffer?
  private var bodyParts: [BodyPart] = []
  private let pieces: [ServerView.Piece]

  init(state: [UInt8], pieces: [ServerView.Piece]) {
    self.state = state
    self.pieces = pieces
  }

  mutating func add(_ parts: [BodyPart], of body: ByteBuffer) {
    agentBody = body
    bodyParts = parts
  }

  /// How many of the texts, from the first one on, are the pieces of the agent's last body, in order;
  /// 0 if it is not kept.
  public var bodyCount: Int { bodyParts.count }

  /// How many texts the state needs; some of them more than once.
  public var textCount: Int { bodyParts.count + pieces.count }

  /// Bytes of all texts.
  public var textBytes: Int {
    pieces.reduce(agentBody?.count ?? 0) { $0 + $1.bytes.count }
  }

  /// Names a text within its session.
  public func key(ofText at: Int) -> UInt64 {
    at < bodyParts.count ? bodyParts[at].key : pieces[at - bodyParts.count].digest.low
  }

  public func withText<Result>(
    _ at: Int, _ read: (UnsafeRawBufferPointer) -> Result
  ) -> Result {
    guard let agentBody, at < bodyParts.count else {
      return pieces[at - bodyParts.count].bytes.withUnsafeBytes(read)
    }
    return read(UnsafeRawBufferPointer(rebasing: agentBody.bytes[bodyParts[at].range]))
  }
}

/// The texts of a session that was kept apart, as they were read back.
public struct KeptTexts: Sendable {
  /// The keys of the pieces of the body, in order.
  public let body: [UInt64]
  let parts: [UInt64: [UInt8]]
  /// The most bytes that a body may have.
  private let longestBody: Int

  public init(body: [UInt64] = [], parts: [UInt64: [UInt8]] = [:], longestBody: Int = 0) {
    self.body = body
    self.parts = parts
    self.longestBody = longestBody
  }

  /// nil if a piece is missing, or it is too long.
  var joinedBody: ByteBuffer? {
    let joined = ByteBuffer(capacity: 1024)
    for key in body {
      guard let part = parts[key], joined.count + part.count <= longestBody else { return nil }
      part.withUnsafeBytes { joined.append($0) }
    }
    return joined
  }
}
