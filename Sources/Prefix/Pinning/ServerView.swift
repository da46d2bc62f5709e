import Bytes
public import Prompt

/// What the server has (S), told by what differs from the agent's own request (H): the translation
/// table. Applied to every later request, so that a repair once made stays in its place for ever.
public struct ServerView: Sendable {
  /// The server's bytes for one block of the agent's last request.
  struct Entry: Sendable {
    /// The JSON text that was forwarded; nil if it was the agent's own.
    var forwarded: Piece?
    /// Blocks that the agent has dropped and the server still has, in front of this one.
    var ghosts: [Ghost] = []
    /// The block itself was never forwarded: its content reached the server in a note.
    var isOmitted = false
    /// Whether a note says what this block now reads, or that blocks dropped in front of it no longer
    /// hold.
    var isNoted = false
    /// Whether what this block now reads stands in a ghost in front of the next block that the server
    /// has.
    var leansOnGhost = false
    /// Whether `forwarded` carries notes about other blocks.
    var carriesNotes = false
    /// Whether `forwarded` is known to have the calls and results of the agent's own bytes. Not kept
    /// over a restart: it can be found again.
    var hasOwnCalls = false

    var isAsSent: Bool { forwarded == nil && ghosts.isEmpty && !isOmitted }
  }

  /// A block that only the server has.
  struct Ghost: Sendable, Equatable {
    var piece: Piece
    var carriesNotes = false
  }

  /// An immutable piece of JSON text with its digest.
  struct Piece: Sendable, Equatable {
    let bytes: [UInt8]
    let digest: Digest

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
      digest = bytes.withUnsafeBytes { Digest(of: $0) }
    }

    init(_ bytes: UnsafeRawBufferPointer) { self.init(Array(bytes)) }
  }

  /// A tool as the server has it.
  struct Tool: Sendable, Equatable {
    var identity: UInt64
    /// Digest of what the agent sends for it.
    var agentDigest: Digest
    /// nil if those bytes are the agent's own.
    var forwarded: Piece?
    /// Whether a note says what its description now reads.
    var isNoted = false
  }

  /// One entry for each block of the agent's last request.
  var entries: [Entry]
  /// The tools in the server's order; nil if they are as the agent sent them.
  var tools: [Tool]?
  /// Whether the replacement bytes were not kept over a restart.
  var isLost = false

  /// Everything as the agent sent it.
  init(asSent index: RequestIndex) {
    entries = Array(repeating: Entry(), count: index.blocks.count)
  }

  init(entries: [Entry], tools: [Tool]?) {
    self.entries = entries
    self.tools = tools
  }

  /// The same table without its text: nothing can be held by it, and the next decision says so.
  var lost: ServerView {
    var view = self
    for at in view.entries.indices { view.entries[at] = Entry() }
    view.tools = nil
    view.isLost = !isAsSent
    return view
  }

  /// Bytes of prompt in front of the first place where the server has other bytes than the agent
  /// sent; nil if there is none. `index` is the request the table belongs to.
  public func bytesBeforeFirstRepair(_ index: RequestIndex) -> Int? {
    if tools != nil { return 0 }
    guard let first = entries.firstIndex(where: { !$0.isAsSent }), first <= index.blocks.count
    else {
      return nil
    }
    return index.blocks[..<first].reduce(0) { $0 + ($1.group == .knobs ? 0 : Int($1.length)) }
  }

  public var isAsSent: Bool { !isLost && tools == nil && entries.allSatisfy(\.isAsSent) }

  /// Bytes of blocks that the agent dropped and the server still has.
  public var ghostBytes: Int {
    entries.reduce(0) { $0 + $1.ghosts.reduce(0) { $0 + $1.piece.bytes.count + 1 } }
  }

  /// The old block from which on all has to be given up if everything from `block` on is: a note
  /// that is lost takes with it the block or the tool it tells of, and so does a ghost.
  func givingUp(from block: Int) -> Int {
    var from = min(block, entries.count)
    while true {
      let before = from
      if entries[from...].contains(where: \.holdsNotes) {
        if tools?.contains(where: \.isNoted) ?? false { return 0 }
        from = min(from, entries.firstIndex(where: \.isNoted) ?? from)
      }
      from = firstLeaning(on: from)
      if from == before { return from }
    }
  }

  /// - Returns: the first of the blocks whose text stands in a ghost in front of `block`, or itself.
  private func firstLeaning(on block: Int) -> Int {
    var first = block
    var at = block
    while at > 0, entries[at - 1].isOmitted || entries[at - 1].leansOnGhost {
      at -= 1
      if entries[at].leansOnGhost { first = at }
    }
    return first
  }
}

extension ServerView.Entry {
  fileprivate var holdsNotes: Bool { carriesNotes || ghosts.contains(where: \.carriesNotes) }
}
