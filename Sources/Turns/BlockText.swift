public import Prefix

/// The bytes of a block, or the part of them around a difference. Secrets are masked when it is read,
/// not when it is made: that happens on the way of a request.
public struct BlockText: Sendable, Equatable {
  /// How much of a block is kept.
  public static let limit = 32 * 1024
  /// How much of that is in front of the difference, where there is more behind it than fits.
  private static let lead = 8 * 1024
  /// A word at a cut end is looked for no further than this.
  private static let longestWord = 256

  /// As they came.
  public let bytes: [UInt8]
  /// Offset of the first of them in the block.
  public let start: Int
  /// How many bytes of the block behind the last of them are not kept.
  public let rest: Int
  /// Index of the first byte that differs; `bytes.count` if nothing does.
  public let mark: Int

  public init(bytes: [UInt8], start: Int, rest: Int, mark: Int) {
    self.bytes = bytes
    self.start = max(0, start)
    self.rest = max(0, rest)
    self.mark = max(0, min(bytes.count, mark))
  }

  /// Keeps the whole block, or `limit` bytes of it with the difference among them. Words and
  /// characters that the cut would divide are left out: half a secret does not look like one.
  /// - Parameter difference: offset of the first byte that differs.
  public init(block: UnsafeRawBufferPointer, difference: Int) {
    guard block.count > BlockText.limit else {
      self.init(bytes: Array(block), start: 0, rest: 0, mark: difference)
      return
    }
    var start = max(0, min(difference - BlockText.lead, block.count - BlockText.limit))
    var end = start + BlockText.limit
    if start > 0 {
      let latest = min(difference, start + BlockText.longestWord)
      while start < latest, BlockText.isWord(block[start - 1]) { start += 1 }
    }
    if end < block.count {
      let earliest = max(difference, end - BlockText.longestWord)
      while end > earliest, BlockText.isWord(block[end]) { end -= 1 }
    }
    self.init(
      bytes: Array(block[start..<end]), start: start, rest: block.count - end,
      mark: difference - start)
  }

  /// What may be shown, with the index of the first byte that differs.
  public var masked: (bytes: [UInt8], mark: Int) {
    let text = BlockText.masked(bytes[...])
    guard text != bytes else { return (bytes, mark) }
    // A word that holds the difference may be masked as a whole: then its mask differs.
    var word = mark
    while word > 0, BlockText.isWord(bytes[word - 1]) { word -= 1 }
    let front = BlockText.masked(bytes[..<word]).count
    let isSame = text.dropFirst(front).starts(with: bytes[word..<mark])
    return (text, min(text.count, isSame ? front + mark - word : front))
  }

  /// The letter of an escape would join the word behind it and hide how that begins, so it stands
  /// aside while words are looked at.
  private static func masked(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    let aside: UInt32 = 0xE000
    var text = String.UnicodeScalarView()
    var isEscaped = false
    for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
      if isEscaped, scalar.isASCII, let other = Unicode.Scalar(aside + scalar.value) {
        text.append(other)
        isEscaped = false
      } else {
        isEscaped = scalar == "\\" && !isEscaped
        text.append(scalar)
      }
    }
    let plain = String(text)
    let hidden = SecretMask.masked(plain)
    guard hidden != plain else { return Array(bytes) }
    var out = String.UnicodeScalarView()
    var previous: Unicode.Scalar = " "
    for scalar in hidden.unicodeScalars {
      let isAside = previous == "\\" && (aside..<aside + 0x80).contains(scalar.value)
      let letter = isAside ? Unicode.Scalar(scalar.value - aside) ?? scalar : scalar
      out.append(letter)
      previous = scalar
    }
    return Array(String(out).utf8)
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"),
      UInt8(ascii: "."), UInt8(ascii: "+"), UInt8(ascii: "/"), UInt8(ascii: "="),
      UInt8(ascii: "~"), UInt8(ascii: "\\"), 0x80...:
      true
    default: false
    }
  }
}

/// Which blocks are still kept, over all sessions: the newest, up to a number of bytes.
public struct BlockTextBudget: Sendable {
  private let limit: Int
  private var kept: [(session: SessionID, turn: Int, bytes: Int)] = []
  private var bytes = 0

  public init(limit: Int) { self.limit = limit }

  /// Counts the blocks of a turn.
  /// - Returns: the turns whose blocks have to go for it.
  public mutating func add(_ record: TurnRecord) -> [(session: SessionID, turn: Int)] {
    guard let size = record.detail?.textBytes, size > 0 else { return [] }
    if let last = kept.lastIndex(where: { $0.session == record.session && $0.turn == record.turn })
    {
      // A turn is told of when it starts and when it ends.
      bytes += size - kept[last].bytes
      kept[last].bytes = size
    } else {
      kept.append((record.session, record.turn, size))
      bytes += size
    }
    var gone = 0
    while bytes > limit, gone < kept.count - 1 {
      bytes -= kept[gone].bytes
      gone += 1
    }
    defer { kept.removeFirst(gone) }
    return kept.prefix(gone).map { ($0.session, $0.turn) }
  }
}
