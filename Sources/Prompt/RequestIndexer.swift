import Bytes

/// Makes the index of a request body.
///
/// Work is proportional to what is new: where an element equals, byte for byte, the element that
/// stands next in the reference (the previous body of the session), it is taken over with its
/// digest; only other bytes are scanned and hashed. A complete JSON object, array or string ends
/// where its bytes end, so equal bytes are an equal element.
public struct RequestIndexer {
  /// The previous request of the session, and how many leading bytes of both bodies are known to be
  /// equal (0 if not known).
  public struct Reference {
    let index: RequestIndex
    let body: UnsafeRawBufferPointer
    let commonPrefix: Int

    public init(index: RequestIndex, body: UnsafeRawBufferPointer, commonPrefix: Int = 0) {
      self.index = index
      self.body = body
      self.commonPrefix = commonPrefix
    }
  }

  private let dialect: Dialect
  private let body: UnsafeRawBufferPointer
  private let reference: Reference?
  private var scanner: JSONScanner

  private var knobs: [Block] = []
  private var tools: [Block] = []
  private var system: [Block] = []
  private var messages: [Block] = []
  private var model: Range<Int>?
  private var previousResponse: Range<Int>?
  private var conversationKey: Range<Int>?
  private var streams = false
  private var messagesArray: Range<Int>?
  private var toolsArray: Range<Int>?
  /// Which of the members that hold blocks were there, by their raw value.
  private var seen: UInt16 = 0

  private init(_ body: UnsafeRawBufferPointer, _ dialect: Dialect, _ reference: Reference?) {
    self.body = body
    self.dialect = dialect
    self.reference = reference?.index.dialect == dialect ? reference : nil
    scanner = JSONScanner(body)
  }

  /// The index of `body`, or nil if it is not a request of this dialect that can be measured:
  /// malformed JSON, no messages, larger than 4 GiB.
  public static func index(
    _ body: UnsafeRawBufferPointer, dialect: Dialect, reference: Reference? = nil
  ) -> RequestIndex? {
    guard body.count < Int(UInt32.max) else { return nil }
    var indexer = RequestIndexer(body, dialect, reference)
    return indexer.run()
  }

  private mutating func run() -> RequestIndex? {
    guard scanner.accept(UInt8(ascii: "{")) else { return nil }
    if !scanner.accept(UInt8(ascii: "}")) {
      repeat {
        scanner.skipWhitespace()
        guard let key = scanner.string(), scanner.accept(UInt8(ascii: ":")), readMember(key) else {
          return nil
        }
      } while scanner.accept(UInt8(ascii: ","))
      guard scanner.accept(UInt8(ascii: "}")) else { return nil }
    }
    scanner.skipWhitespace()
    guard scanner.atEnd, !messages.isEmpty || previousResponse != nil else { return nil }
    knobs.sort { $0.identity < $1.identity }
    return RequestIndex(
      dialect: dialect, knobs: knobs, tools: tools, system: system, messages: messages,
      model: model,
      previousResponse: previousResponse, conversationKey: conversationKey, streams: streams,
      messagesArray: messagesArray, toolsArray: toolsArray)
  }

  private mutating func readMember(_ key: Range<Int>) -> Bool {
    scanner.skipWhitespace()
    let member = dialect.member(body[key])
    // Parsers disagree on which of two equal names counts: such a body is not understood.
    if member == .tools || member == .system || member == .messages {
      guard seen & (1 << member.rawValue) == 0 else { return false }
      seen |= 1 << member.rawValue
    }
    switch member {
    case .tools:
      let start = scanner.position
      guard readBlocks(.tools, into: \.tools) else { return false }
      toolsArray = start..<scanner.position
      return true
    case .system:
      return readBlocks(.system, into: \.system)
    case .messages:
      let start = scanner.position
      let isArray = scanner.current == UInt8(ascii: "[")
      guard readBlocks(.messages, into: \.messages) else { return false }
      if isArray { messagesArray = start..<scanner.position }
      return true
    case .knob:
      guard let value = scanner.value() else { return false }
      if !equal(body[value], "null") {
        knobs.append(
          block(
            Element(range: value, kind: .knob, identity: hash64(slice(key))), group: .knobs))
      }
      return true
    case .model: return readString(into: \.model)
    case .previousResponse: return readString(into: \.previousResponse)
    case .conversationKey: return readString(into: \.conversationKey)
    case .metadata:
      guard let value = scanner.value() else { return false }
      var inner = JSONScanner(body, at: value.lowerBound)
      if let user = inner.member("user_id"), conversationKey == nil { conversationKey = user }
      return true
    case .stream:
      guard let value = scanner.value() else { return false }
      streams = equal(body[value], "true")
      return true
    case .ignored:
      return scanner.value() != nil
    }
  }

  private mutating func readString(
    into member: WritableKeyPath<RequestIndexer, Range<Int>?>
  ) -> Bool {
    if scanner.current == UInt8(ascii: "\"") {
      self[keyPath: member] = scanner.string()
      return self[keyPath: member] != nil
    }
    return scanner.value() != nil
  }

  /// Reads an array of blocks, or a single string as one block. `null` is no block.
  private mutating func readBlocks(
    _ group: BlockGroup, into blocks: WritableKeyPath<RequestIndexer, [Block]>
  ) -> Bool {
    var matcher = ReferenceMatcher(reference, group)
    guard scanner.current == UInt8(ascii: "[") else {
      if scanner.current == UInt8(ascii: "\"") {
        guard let block = readElement(group, &matcher) else { return false }
        self[keyPath: blocks].append(block)
        return true
      }
      guard let value = scanner.value() else { return false }
      return equal(body[value], "null")
    }
    _ = scanner.accept(UInt8(ascii: "["))
    if scanner.accept(UInt8(ascii: "]")) { return true }
    var read: [Block] = []
    read.reserveCapacity(matcher.expectedCount + 8)
    repeat {
      scanner.skipWhitespace()
      guard let block = readElement(group, &matcher) else { return false }
      read.append(block)
    } while scanner.accept(UInt8(ascii: ","))
    self[keyPath: blocks] = read
    return scanner.accept(UInt8(ascii: "]"))
  }

  private mutating func readElement(
    _ group: BlockGroup, _ matcher: inout ReferenceMatcher
  ) -> Block? {
    if var known = matcher.match(body, at: scanner.position) {
      known.offset = UInt32(scanner.position)
      scanner.position += Int(known.length)
      return known
    }
    guard let element = scanner.element(group, dialect) else { return nil }
    return block(element, group: group)
  }

  private func block(_ element: Element, group: BlockGroup) -> Block {
    Block(
      group: group, kind: element.kind, offset: UInt32(element.range.lowerBound),
      length: UInt32(element.range.count), digest: Digest(of: slice(element.range)),
      identity: element.identity)
  }

  private func slice(_ range: Range<Int>) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: body[range])
  }
}

/// Walks the reference's blocks of one group beside the new ones.
private struct ReferenceMatcher {
  private let reference: RequestIndexer.Reference?
  private var next: Int
  private let end: Int
  /// New blocks since the last match: so many were probably replaced, so the walk looks that far.
  private var misses = 0

  /// How far ahead a block is looked for after a run of new ones.
  private static let farthest = 32
  /// After more than these in a row the reference is probably another conversation, and only every so
  /// many blocks looks farther than at the next one.
  private static let strangers = 96
  private static let stride = 8

  init(_ reference: RequestIndexer.Reference?, _ group: BlockGroup) {
    self.reference = reference
    let range = reference?.index.indices(of: group) ?? 0..<0
    next = range.lowerBound
    end = range.upperBound
  }

  var expectedCount: Int { end - next }

  /// The reference block whose bytes stand at `position`: the expected one or one shortly behind it
  /// (blocks were replaced or removed).
  mutating func match(_ body: UnsafeRawBufferPointer, at position: Int) -> Block? {
    guard let reference else { return nil }
    let isSparse = misses > Self.strangers && misses % Self.stride != 0
    let ahead = isSparse ? 1 : 3 + min(misses, Self.farthest)
    for candidate in next..<min(next + ahead, end) {
      let block = reference.index.blocks[candidate]
      if isSame(block, reference, body, position) {
        next = candidate + 1
        misses = 0
        return block
      }
    }
    misses += 1
    return nil
  }

  private func isSame(
    _ block: Block, _ reference: RequestIndexer.Reference, _ body: UnsafeRawBufferPointer,
    _ position: Int
  ) -> Bool {
    let range = block.range
    if range.lowerBound == position, range.upperBound < reference.commonPrefix { return true }
    guard range.upperBound <= reference.body.count else { return false }
    let old = UnsafeRawBufferPointer(rebasing: reference.body[range])
    // Only a value that is delimited by its own bytes: not a bare number or literal.
    guard let first = old.first, first == 0x7B || first == 0x22 || first == 0x5B else {
      return false
    }
    return hasBytes(old, in: body, at: position)
  }
}
