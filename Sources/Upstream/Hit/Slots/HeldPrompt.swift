/// What a slot or an entry of the host's memory holds of one prompt, for comparing requests with it:
/// hashes of its blocks and where they end, no text. All counts are tokens.
public struct HeldPrompt: Sendable, Equatable {
  /// Blocks that are compared at most; a longer prompt is told apart only up to there.
  public static let maxBlocks = 4096

  /// The session whose prompt it is.
  public var owner: UInt32
  /// Names the whole request; equal keys are one and the same prompt.
  public var key: UInt64
  /// Of each block in rendering order, the hash of it and all in front of it (`join`).
  public var chain: [UInt64]
  /// Where each of these blocks ends.
  public var ends: [Int]
  /// All of the prompt that is held.
  public var prompt: Int
  /// Whether the server counted `prompt`, and holds all of it.
  var isCounted: Bool
  /// What is held of the answer behind it.
  var generated: Int

  /// - Parameter ends: one for each element of `chain`, ascending.
  public init(
    owner: UInt32, key: UInt64, chain: [UInt64], ends: [Int], prompt: Int, isCounted: Bool = true,
    generated: Int = 0
  ) {
    self.owner = owner
    self.key = key
    self.chain = chain
    self.ends = ends
    self.prompt = prompt
    self.isCounted = isCounted
    self.generated = generated
  }

  var tokens: Int { prompt + generated }

  /// Hash of a sequence that goes on with one more element.
  public static func join(_ hash: UInt64, _ next: UInt64) -> UInt64 {
    var mixed = (hash &+ 0x9E37_79B9_7F4A_7C15) ^ (next &* 0xFF51_AFD7_ED55_8CCD)
    mixed ^= mixed >> 33
    mixed = mixed &* 0xC4CE_B9FE_1A85_EC53
    return mixed ^ (mixed >> 29)
  }

  /// Blocks at the beginning that both have.
  public func blocks(sharedWith other: [UInt64]) -> Int {
    // Equal hashes are equal beginnings, so that what is shared ends at one place.
    var low = 0
    var high = min(chain.count, other.count)
    while low < high {
      let middle = (low + high + 1) / 2
      if chain[middle - 1] == other[middle - 1] { low = middle } else { high = middle - 1 }
    }
    return low
  }

  /// Whether nothing is lost of this one where the other one is held.
  func isContained(in other: HeldPrompt) -> Bool {
    guard chain.count <= other.chain.count, blocks(sharedWith: other.chain) == chain.count else {
      return false
    }
    return chain.count < other.chain.count || tokens <= other.tokens
  }
}

/// A request that a slot is to be found for. Counts are tokens where nothing else is said.
public struct SlotRequest: Sendable {
  /// See `HeldPrompt`.
  public var chain: [UInt64]
  /// Where each of these blocks ends, in bytes of the prompt.
  var bytes: [Int]
  /// The whole prompt.
  var prompt: Int
  /// The prompt that the request is known to continue, and how much of what is held of it the request
  /// begins with; nil on a first turn.
  var own: (key: UInt64, common: Int)?
  /// The slot that the request names; nil if the server is to choose.
  var slot: Int?

  public init(
    chain: [UInt64], bytes: [Int], prompt: Int, own: (key: UInt64, common: Int)? = nil,
    slot: Int? = nil
  ) {
    self.chain = chain
    self.bytes = bytes
    self.prompt = prompt
    self.own = own
    self.slot = slot
  }
}

/// With how much of a held prompt a request begins.
public struct SlotOverlap: Sendable, Equatable {
  public var tokens: Int
  /// Whether the prompt is the one that the request is known to continue.
  public var isOwn: Bool
  /// Whether the server counted these tokens, here or before.
  public var isExact: Bool
  /// Names the place where the two part; 0 if there is nothing to learn about it.
  var mark: UInt64

  public init(tokens: Int, isOwn: Bool = false, isExact: Bool = true, mark: UInt64 = 0) {
    self.tokens = tokens
    self.isOwn = isOwn
    self.isExact = isExact
    self.mark = mark
  }
}

/// The texts of a request and of held prompts, for looking into the first block in which they differ.
public protocol HeldTexts {
  /// Bytes with which this block of the request and of the held prompt begins; nil if a text is not
  /// at hand.
  func bytes(sharedWith held: HeldPrompt, inBlock number: Int) -> Int?

  /// Tokens of the held prompt in front of a place in one of its blocks; nil if its text is not at
  /// hand.
  func tokens(of held: HeldPrompt, inBlock number: Int, bytes: Int) -> Int?
}
