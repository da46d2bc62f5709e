public import Bytes
public import Prompt

/// What the agent sent on a turn: the agent view. Kept so that the next request can be compared.
public struct History {
  public let index: RequestIndex
  /// The body the index refers to; nil once it was evicted, then only digests can be compared.
  public private(set) var body: ByteBuffer?
  /// Hashes of a few bytes in front of two block ends: the last one, and one three messages earlier
  /// (agents move cache markers within the last messages). They find the sessions that a body may
  /// continue without reading the rest of it.
  let probes: [Probe]
  let readings = BlockReadings()

  struct Probe {
    static let length = 64
    let end: Int
    let hash: UInt64

    init?(_ body: UnsafeRawBufferPointer, end: Int) {
      guard let hash = Self.hash(body, end: end) else { return nil }
      self.end = end
      self.hash = hash
    }

    func matches(_ body: UnsafeRawBufferPointer) -> Bool {
      Self.hash(body, end: end) == hash
    }

    static func hash(_ body: UnsafeRawBufferPointer, end: Int) -> UInt64? {
      guard end >= length, end <= body.count else { return nil }
      return hash64(UnsafeRawBufferPointer(rebasing: body[(end - length)..<end]))
    }
  }

  /// Name of the model as it stands in the body; empty if the body names none.
  public let model: String
  /// Bytes of the conversation that this request continues by naming a response instead of sending
  /// it again (OpenAI Responses).
  let inheritedBytes: Int

  init(index: RequestIndex, body: ByteBuffer, inheritedBytes: Int = 0) {
    self.index = index
    self.body = body
    self.inheritedBytes = inheritedBytes
    model = index.model.map { body.string($0) } ?? ""
    var probes: [Probe] = []
    let messages = index.indices(of: .messages)
    if let tip = index.tip, let probe = Probe(body.bytes, end: tip) { probes.append(probe) }
    if messages.count > 3, messages.upperBound - 4 >= messages.lowerBound {
      let earlier = index.blocks[messages.upperBound - 4].range.upperBound
      if let probe = Probe(body.bytes, end: earlier) { probes.append(probe) }
    }
    self.probes = probes
  }

  /// A history of which only digests are left.
  init(index: RequestIndex, model: String, inheritedBytes: Int) {
    self.index = index
    self.model = model
    self.inheritedBytes = inheritedBytes
    body = nil
    probes = []
  }

  /// Bytes of the whole prompt, inherited ones included.
  public var promptBytes: Int { index.promptBytes + inheritedBytes }

  var bytesKept: Int { body?.capacity ?? 0 }

  /// Hash of the key by which the body names its conversation; nil without one, or if the body was
  /// evicted.
  var conversationKey: UInt64? {
    guard let range = index.conversationKey, !range.isEmpty, let body else { return nil }
    return hash64(UnsafeRawBufferPointer(rebasing: body.bytes[range]))
  }

  /// The raw bytes of a block; nil if the body was evicted.
  public func bytes(of block: Int) -> UnsafeRawBufferPointer? {
    guard let body else { return nil }
    return UnsafeRawBufferPointer(rebasing: body.bytes[index.blocks[block].range])
  }

  /// Leaves the digests only.
  mutating func dropBody() {
    body = nil
    readings.clear()
  }

  /// A block as a value; nil if the body was evicted or this is no JSON.
  func value(of block: Int) -> JSONValue? {
    bytes(of: block).flatMap { readings.value(of: block, $0) }
  }

  /// Digest of what a server renders from a block; nil as for `value`.
  func rendering(of block: Int) -> Digest? {
    bytes(of: block).flatMap { readings.rendering(of: block, $0) }
  }

  /// Weight in tokens of the first bytes of the prompt, or any others (`RequestIndex.weight`); 0 if
  /// the body was evicted.
  public func weight(of range: Range<Int>, _ order: RenderingOrder) -> Int {
    guard let body else { return 0 }
    return index.weight(of: range, body.bytes, order) {
      readings.weight(of: $0, of: index.blocks.count, $1)
    }
  }

  /// Takes over what was read of the request before, as far as this one has the same blocks.
  public func inherit(from old: History, _ alignment: Alignment) {
    readings.inherit(from: old.readings, alignment)
  }
}
