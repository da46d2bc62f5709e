import Bytes
public import Prompt

/// How one block of the new request relates to the old one.
public enum Match: Sendable, Equatable {
  /// The same bytes.
  case same(old: Int)
  /// Other bytes that a server renders alike.
  case neutral(old: Int)
  /// Stands for the old block, with another content.
  case changed(old: Int)
  /// Not in the old request.
  case new

  public var old: Int? {
    switch self {
    case .same(let old), .neutral(let old), .changed(let old): old
    case .new: nil
    }
  }

  var isUnchanged: Bool {
    switch self {
    case .same, .neutral: true
    case .changed, .new: false
    }
  }
}

/// Old agent view against new, block by block: what stayed, changed, vanished and is new.
/// Matches never cross: they are in order within each group, except for knobs, which have names.
public struct Alignment: Sendable {
  /// One entry for each block of the new request.
  public let matches: [Match]
  /// Old blocks without a counterpart.
  public let dropped: [Int]
  /// Whether the messages of the old request are continued without being sent again.
  let isChained: Bool

  /// - Parameter isChained: the new request names the response it continues instead of sending the
  ///   messages again; all its messages are new and none of the old ones is missing.
  init(old: History, new: History, isChained: Bool = false) {
    var matches = Array(repeating: Match.new, count: new.index.blocks.count)
    var used = Array(repeating: false, count: old.index.blocks.count)
    for group in BlockGroup.allCases {
      if group == .knobs {
        Self.alignKnobs(old, new, &matches, &used)
      } else if group == .messages && isChained {
        for at in old.index.indices(of: .messages) { used[at] = true }
      } else {
        Self.align(old, new, group, &matches, &used)
      }
    }
    self.matches = matches
    dropped = used.indices.filter { !used[$0] }
    self.isChained = isChained
  }

  /// Messages at the start that are unchanged and in place.
  public func commonMessages(_ old: RequestIndex, _ new: RequestIndex) -> Int {
    var count = 0
    let oldStart = old.indices(of: .messages).lowerBound
    for at in new.indices(of: .messages) {
      guard matches[at].isUnchanged, matches[at].old == oldStart + count else { break }
      count += 1
    }
    return count
  }

  private static func alignKnobs(
    _ old: History, _ new: History, _ matches: inout [Match], _ used: inout [Bool]
  ) {
    for at in new.index.indices(of: .knobs) {
      for candidate in old.index.indices(of: .knobs)
      where old.index.blocks[candidate].identity == new.index.blocks[at].identity {
        var budget = neutralBytes
        matches[at] = pair(old, candidate, new, at, &budget)
        used[candidate] = true
      }
    }
  }

  /// A comparison by rendered form parses both blocks: so many bytes a group, the last pair whole.
  /// Beyond that, other bytes count as a change.
  private static let neutralBytes = 512 << 10

  private static func align(
    _ old: History, _ new: History, _ group: BlockGroup, _ matches: inout [Match],
    _ used: inout [Bool]
  ) {
    let olds = old.index.indices(of: group)
    let news = new.index.indices(of: group)
    var budget = neutralBytes
    func unchanged(_ a: Int, _ b: Int) -> Match? {
      if old.index.blocks[a].digest == new.index.blocks[b].digest { return .same(old: a) }
      guard isAlike(old.index.blocks[a], new.index.blocks[b]),
        case .neutral = pair(old, a, new, b, &budget)
      else { return nil }
      return .neutral(old: a)
    }

    var front = 0
    while front < min(olds.count, news.count),
      let match = unchanged(olds.lowerBound + front, news.lowerBound + front)
    {
      matches[news.lowerBound + front] = match
      used[olds.lowerBound + front] = true
      front += 1
    }

    // Behind the common front: equal digests in order, nearest first.
    var places = BlockSearch(old.index, (olds.lowerBound + front)..<olds.upperBound)
    var lastOld = olds.lowerBound + front - 1
    for b in (news.lowerBound + front)..<news.upperBound {
      guard let a = places.first(new.index.blocks[b].digest.low, behind: lastOld) else { continue }
      // A far jump over many old blocks is taken only if it does not lose what stands nearer.
      if a - lastOld > 1 + (news.upperBound - b), group == .messages { continue }
      matches[b] = .same(old: a)
      used[a] = true
      lastOld = a
    }

    // Between two anchors: blocks of the same name, then blocks in the same place.
    var gapOld = olds.lowerBound + front
    var gapNew = news.lowerBound + front
    for b in (news.lowerBound + front)...news.upperBound {
      let isEnd = b == news.upperBound
      guard isEnd || matches[b] != .new else { continue }
      let nextOld = isEnd ? olds.upperBound : matches[b].old ?? olds.upperBound
      fill(old, new, gapOld..<nextOld, gapNew..<b, &matches, &used, &budget)
      if !isEnd {
        gapOld = nextOld + 1
        gapNew = b + 1
      }
    }
  }

  private static func fill(
    _ old: History, _ new: History, _ olds: Range<Int>, _ news: Range<Int>,
    _ matches: inout [Match], _ used: inout [Bool], _ budget: inout Int
  ) {
    guard !olds.isEmpty, !news.isEmpty else { return }
    // As many blocks of the same kinds: each stands for the one in its place, even if all names were
    // made anew.
    let isRenamed =
      olds.count == news.count
      && zip(olds, news).allSatisfy {
        !used[$0] && old.index.blocks[$0].kind == new.index.blocks[$1].kind
          && old.index.blocks[$0].group == .messages
      }
    var names = NameSearch(old.index, olds)
    var from = olds.lowerBound
    for b in news {
      let block = new.index.blocks[b]
      let named = names.first(block, from: from)
      let placed =
        from < olds.upperBound && !used[from]
          && (isRenamed || isAlike(old.index.blocks[from], block)
            || isSameButIDs(old, from, new, b))
        ? from : nil
      guard let a = named ?? placed else { continue }
      matches[b] = pair(old, a, new, b, &budget)
      used[a] = true
      from = a + 1
    }
  }

  private static func isSameButIDs(_ old: History, _ a: Int, _ new: History, _ b: Int) -> Bool {
    guard old.index.blocks[a].kind == new.index.blocks[b].kind, let before = old.bytes(of: a),
      let after = new.bytes(of: b)
    else { return false }
    return OtherWords.isSameButIDs(before, after)
  }

  private static func isAlike(_ a: Block, _ b: Block) -> Bool {
    a.kind == b.kind && (a.identity == b.identity || a.identity == 0 || b.identity == 0)
  }

  private static func pair(
    _ old: History, _ a: Int, _ new: History, _ b: Int, _ budget: inout Int
  ) -> Match {
    if old.index.blocks[a].digest == new.index.blocks[b].digest { return .same(old: a) }
    guard let before = old.bytes(of: a), let after = new.bytes(of: b),
      budget > 0
    else { return .changed(old: a) }
    let front = commonPrefixLength(before, after)
    // Most changes are of words, which tells more cheaply than both renderings do.
    guard !RawWords.differ(before, after, from: front), mayRenderAlike(before, after, from: front)
    else { return .changed(old: a) }
    budget -= before.count + after.count
    if let left = old.value(of: a), let right = new.value(of: b),
      LeafDifference(left, right)?.isInWords == true
    {
      return .changed(old: a)
    }
    guard let left = old.rendering(of: a), left == new.rendering(of: b) else {
      return .changed(old: a)
    }
    return .neutral(old: a)
  }

  private static func sum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    bytes.reduce(0) { $0 &+ UInt64($1) }
  }

  /// Two writings of one content differ by markers, wrapping and white space, not by much text.
  private static func mayRenderAlike(
    _ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer, from front: Int
  ) -> Bool {
    let shorter = min(a.count, b.count)
    // Members in another order leave little in common at both ends, but the bytes are the same ones.
    if a.count == b.count, sum(a) == sum(b) { return true }
    guard abs(a.count - b.count) <= 128 + shorter / 4 else { return false }
    if shorter <= 96 { return true }
    // A string on one side, a list of parts on the other: nothing but the wrapping need differ.
    if front < shorter, a[front] != b[front],
      a[front] == UInt8(ascii: "[") || b[front] == UInt8(ascii: "[")
    {
      return true
    }
    let back = commonSuffixLength(
      UnsafeRawBufferPointer(rebasing: a.dropFirst(front)),
      UnsafeRawBufferPointer(rebasing: b.dropFirst(front)))
    return (front + back) * 3 >= shorter
  }
}
