import Bytes

/// A session's state as a store keeps it that writes on every turn: a short part that is new each
/// time, and the texts it names, most of which are there already.
public struct KeptApart: Sendable {
  /// A text under its name. Immutable; may be read on any thread.
  public struct Part: @unchecked Sendable {
    /// Names the content within its session.
    public let key: UInt64
    fileprivate let text: Text

    fileprivate enum Text {
      case body(ByteBuffer, Range<Int>)
      case piece([UInt8])
    }

    public var count: Int {
      switch text {
      case .body(_, let range): range.count
      case .piece(let bytes): bytes.count
      }
    }

    public func withBytes<Result>(_ read: (UnsafeRawBufferPointer) -> Result) -> Result {
      switch text {
      case .body(let body, let range): read(UnsafeRawBufferPointer(rebasing: body.bytes[range]))
      case .piece(let bytes): bytes.withUnsafeBytes(read)
      }
    }
  }

  public let state: [UInt8]
  /// The keys of the pieces of the agent's last body, in order; empty if it is not kept.
  public private(set) var body: [UInt64] = []
  /// Every text that the state needs; some more than once.
  public private(set) var parts: [Part] = []

  init(state: [UInt8]) { self.state = state }

  public var textBytes: Int { parts.reduce(0) { $0 + $1.count } }

  mutating func add(_ pieces: [BodyPart], of body: ByteBuffer) {
    self.body = pieces.map(\.key)
    parts.reserveCapacity(parts.count + pieces.count)
    for piece in pieces { parts.append(Part(key: piece.key, text: .body(body, piece.range))) }
  }

  mutating func add(_ piece: ServerView.Piece) {
    parts.append(Part(key: piece.digest.low, text: .piece(piece.bytes)))
  }
}

/// The texts of a session that was kept apart, as they were read back.
public struct KeptTexts: Sendable {
  /// The keys of the pieces of the body, in order.
  public let body: [UInt64]
  public let parts: [UInt64: [UInt8]]
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
