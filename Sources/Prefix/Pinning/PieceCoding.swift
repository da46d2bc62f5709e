import Bytes

/// Writes the pieces of a table: into the table's own binary form, or, where long texts are kept
/// apart from it, as the digests that name them.
struct PieceWriter {
  /// A shorter text takes less room in its place than a name would save.
  private static let shortest = 256

  let keepsApart: Bool
  private(set) var apart: [ServerView.Piece] = []

  init(keepsApart: Bool) { self.keepsApart = keepsApart }

  mutating func write(_ piece: ServerView.Piece?, to writer: inout BinaryWriter) {
    guard let piece else { return writer.byte(PieceForm.none.rawValue) }
    if keepsApart, piece.bytes.count >= Self.shortest {
      writer.byte(PieceForm.apart.rawValue)
      writer.digest(piece.digest)
      apart.append(piece)
    } else {
      writer.byte(PieceForm.here.rawValue)
      writer.blob(piece.bytes)
    }
  }
}

/// The counterpart of `PieceWriter`.
struct PieceReader {
  /// The texts that were kept apart, by the low half of their digest.
  let apart: [UInt64: [UInt8]]

  /// - Throws: also where a text that was kept apart is missing or another one.
  func piece(_ reader: inout BinaryReader) throws(BinaryReader.Damaged) -> ServerView.Piece? {
    switch PieceForm(rawValue: try reader.byte()) {
    case .none?: return nil
    case .here?: return ServerView.Piece(Array(try reader.blob()))
    case .apart?:
      let digest = try reader.digest()
      guard let text = apart[digest.low] else { throw BinaryReader.Damaged() }
      let piece = ServerView.Piece(text)
      guard piece.digest == digest else { throw BinaryReader.Damaged() }
      return piece
    case nil: throw BinaryReader.Damaged()
    }
  }
}

private enum PieceForm: UInt8 {
  case none
  case here
  case apart
}
