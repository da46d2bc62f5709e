import Bytes

/// The binary form of a translation table, for keeping it over a restart.
///
/// Only what differs from the agent's request is written: a session of a thousand blocks with three
/// repairs takes three entries.
extension ServerView {
  private static let version: UInt8 = 3

  /// The table in the form that `init(encoded:)` reads. It holds prompt text: the bytes that stand in
  /// place of the agent's own.
  public func encoded() -> [UInt8] {
    var writer = BinaryWriter()
    writer.byte(Self.version)
    var pieces = PieceWriter(keepsApart: false)
    encode(to: &writer, &pieces)
    let sum = writer.bytes.withUnsafeBytes { Digest(of: $0) }
    writer.digest(sum)
    return writer.bytes
  }

  /// nil if `bytes` are not what `encoded()` gave, whole and undamaged.
  public init?(encoded bytes: [UInt8]) {
    guard let body = Checksum.verified(bytes) else { return nil }
    var reader = BinaryReader(body)
    guard (try? reader.byte()) == Self.version,
      let view = try? ServerView(from: &reader, PieceReader(apart: [:])),
      reader.remaining == 0
    else { return nil }
    self = view
  }

  func encode(to writer: inout BinaryWriter, _ pieces: inout PieceWriter) {
    writer.flag(isLost)
    writer.count(entries.count)
    var repaired: [Int] = []
    for at in entries.indices where !entries[at].isPlain { repaired.append(at) }
    writer.count(repaired.count)
    var last = 0
    for at in repaired {
      writer.count(at - last)
      last = at
      let entry = entries[at]
      pieces.write(entry.forwarded, to: &writer)
      writer.count(entry.ghosts.count)
      for ghost in entry.ghosts {
        pieces.write(ghost.piece, to: &writer)
        writer.flag(ghost.carriesNotes)
      }
      writer.flag(entry.isOmitted)
      writer.flag(entry.isNoted)
      writer.flag(entry.leansOnGhost)
      writer.flag(entry.carriesNotes)
    }
    writer.optional(tools) { writer, tools in
      writer.count(tools.count)
      for tool in tools {
        writer.word(tool.identity)
        writer.digest(tool.agentDigest)
        pieces.write(tool.forwarded, to: &writer)
        writer.flag(tool.isNoted)
      }
    }
  }

  init(
    from reader: inout BinaryReader, _ pieces: PieceReader
  ) throws(BinaryReader.Damaged) {
    isLost = try reader.flag()
    // Blocks of a request are two bytes at least, and a request has a bound of 4 GiB.
    let count = try reader.count(upTo: 1 << 24)
    var repaired: [(Int, Entry)] = []
    var last = 0
    for step in 0..<(try reader.elements(ofSize: 7)) {
      let gap = try reader.count(upTo: count)
      guard step == 0 || gap > 0, last + gap < count else { throw BinaryReader.Damaged() }
      last += gap
      repaired.append((last, try Entry(from: &reader, pieces)))
    }
    entries = Array(repeating: Entry(), count: count)
    for (at, entry) in repaired { entries[at] = entry }
    tools = try reader.optional { (reader) throws(BinaryReader.Damaged) in
      var list: [Tool] = []
      for _ in 0..<(try reader.elements(ofSize: 26)) {
        let identity = try reader.word()
        let digest = try reader.digest()
        list.append(
          Tool(
            identity: identity, agentDigest: digest,
            forwarded: try pieces.piece(&reader), isNoted: try reader.flag()))
      }
      return list
    }
  }
}

extension ServerView.Entry {
  fileprivate var isPlain: Bool { isAsSent && !isNoted && !carriesNotes }

  fileprivate init(
    from reader: inout BinaryReader, _ pieces: PieceReader
  ) throws(BinaryReader.Damaged) {
    forwarded = try pieces.piece(&reader)
    for _ in 0..<(try reader.elements(ofSize: 3)) {
      guard let piece = try pieces.piece(&reader) else { throw BinaryReader.Damaged() }
      ghosts.append(ServerView.Ghost(piece: piece, carriesNotes: try reader.flag()))
    }
    isOmitted = try reader.flag()
    isNoted = try reader.flag()
    leansOnGhost = try reader.flag()
    carriesNotes = try reader.flag()
  }
}

/// A digest behind the bytes it was made of.
enum Checksum {
  /// The bytes in front of the digest; nil if they are not those it was made of.
  static func verified(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    guard bytes.count >= 16 else { return nil }
    var reader = BinaryReader(bytes.suffix(16))
    guard let sum = try? reader.digest() else { return nil }
    let body = bytes.dropLast(16)
    return body.withUnsafeBytes { Digest(of: $0) } == sum ? body : nil
  }
}
