import Bytes

/// A place where a request asks for its prompt to be cached: `cache_control` of the Messages API,
/// `prompt_cache_breakpoint` of OpenAI's.
public struct CacheMarker: Sendable, Equatable {
  /// Bytes of prompt (all blocks but knobs, tools first) in front of its end.
  public var bytes: Int
  /// Content blocks up to and with the marked one: tools, system blocks, parts of messages.
  public var blocks: Int
  /// Whether the lifetime asked for is one hour instead of five minutes.
  public var isHour: Bool

  init(bytes: Int, blocks: Int, isHour: Bool) {
    self.bytes = bytes
    self.blocks = blocks
    self.isHour = isHour
  }
}

/// Finds the cache markers of one session's requests. Blocks that were there in the last request are
/// not read again, unless they are marked.
public struct CacheMarkerScan: Sendable {
  private struct Known: Sendable {
    var digest: UInt64
    var parts: Int
    var isMarked: Bool
  }

  private var known: [Known] = []
  private let name: StaticString
  private let quotedName: StaticString
  private let isWholeRequestMarkable: Bool

  /// - Parameter dialect: of all the requests.
  public init(_ dialect: Dialect = .anthropicMessages) {
    isWholeRequestMarkable = dialect == .anthropicMessages
    name = isWholeRequestMarkable ? "cache_control" : "prompt_cache_breakpoint"
    quotedName = isWholeRequestMarkable ? "\"cache_control\"" : "\"prompt_cache_breakpoint\""
  }

  /// The markers in the order of the prompt; a marker for the whole request (top-level
  /// `cache_control`) stands at its end.
  public mutating func markers(
    _ index: RequestIndex, _ body: UnsafeRawBufferPointer
  ) -> [CacheMarker] {
    var found: [CacheMarker] = []
    var bytes = 0
    var blocks = 0
    var place = 0
    for at in index.indices(of: .tools).lowerBound..<index.blocks.count {
      let block = index.blocks[at]
      guard block.range.upperBound <= body.count else { break }
      let text = UnsafeRawBufferPointer(rebasing: body[block.range])
      let entry = self.entry(place, block, text)
      if entry.isMarked {
        read(text, block.group, bytes: bytes, blocks: blocks, into: &found)
      }
      bytes += Int(block.length)
      blocks += entry.parts
      place += 1
    }
    known.removeLast(max(0, known.count - place))
    if isWholeRequestMarkable, blocks > 0,
      let whole = Self.member("cache_control", of: index, body),
      let marker = Self.isHour(body, whole)
    {
      found.removeAll { $0.blocks == blocks }
      found.append(CacheMarker(bytes: bytes, blocks: blocks, isHour: marker))
    }
    return found
  }

  private mutating func entry(
    _ place: Int, _ block: Block, _ text: UnsafeRawBufferPointer
  ) -> Known {
    if place < known.count, known[place].digest == block.digest.low { return known[place] }
    let entry = Known(
      digest: block.digest.low, parts: block.group == .messages ? Self.parts(text).count : 1,
      isMarked: findBytes(quotedName, in: text) != nil)
    if place < known.count {
      known[place] = entry
    } else {
      known.append(entry)
    }
    return entry
  }

  /// The content parts of a message; a string is one part, the whole message.
  private static func parts(_ text: UnsafeRawBufferPointer) -> [Range<Int>] {
    var scanner = JSONScanner(text)
    guard let content = scanner.member("content"), text[content.lowerBound] == UInt8(ascii: "[")
    else { return [0..<text.count] }
    var parts: [Range<Int>] = []
    var list = JSONScanner(text, at: content.lowerBound)
    _ = list.elements { part in
      parts.append(part)
      return true
    }
    return parts
  }

  private func read(
    _ text: UnsafeRawBufferPointer, _ group: BlockGroup, bytes: Int, blocks: Int,
    into found: inout [CacheMarker]
  ) {
    let parts = group == .messages ? Self.parts(text) : [0..<text.count]
    for (number, part) in parts.enumerated() {
      guard let isHour = marker(text, at: part.lowerBound) else { continue }
      let end = number == parts.count - 1 ? text.count : part.upperBound
      found.append(CacheMarker(bytes: bytes + end, blocks: blocks + number + 1, isHour: isHour))
    }
  }

  /// nil if the object at the place has no marker; else whether it asks for an hour.
  private func marker(_ text: UnsafeRawBufferPointer, at place: Int) -> Bool? {
    var scanner = JSONScanner(text, at: place)
    return scanner.member(name).flatMap { Self.isHour(text, $0) }
  }

  /// nil if the value is no marker.
  private static func isHour(_ text: UnsafeRawBufferPointer, _ value: Range<Int>) -> Bool? {
    guard text[value.lowerBound] == UInt8(ascii: "{") else { return nil }
    var scanner = JSONScanner(text, at: value.lowerBound)
    return scanner.member("ttl").map { equal(text[$0], "\"1h\"") } ?? false
  }

  /// Whether a request has none but its own breakpoints (OpenAI: `prompt_cache_options.mode`).
  public static func isExplicitOnly(
    _ index: RequestIndex, _ body: UnsafeRawBufferPointer
  ) -> Bool {
    guard let options = member("prompt_cache_options", of: index, body) else { return false }
    var scanner = JSONScanner(body, at: options.lowerBound)
    return scanner.member("mode").map { equal(body[$0], "\"explicit\"") } ?? false
  }

  /// The value of a member of the request itself. The arrays are stepped over, not read.
  private static func member(
    _ name: StaticString, of index: RequestIndex, _ body: UnsafeRawBufferPointer
  ) -> Range<Int>? {
    var scanner = JSONScanner(body)
    guard scanner.accept(UInt8(ascii: "{")) else { return nil }
    repeat {
      scanner.skipWhitespace()
      guard let key = scanner.string(), scanner.accept(UInt8(ascii: ":")) else { return nil }
      scanner.skipWhitespace()
      let start = scanner.position
      if let array = [index.messagesArray, index.toolsArray].first(where: {
        $0?.lowerBound == start
      }), let array {
        scanner.position = array.upperBound
      } else {
        guard let value = scanner.value() else { return nil }
        if equal(body[key], name) { return value }
      }
    } while scanner.accept(UInt8(ascii: ","))
    return nil
  }
}
