import Bytes
import Prompt

/// Cache markers (`cache_control`) in blocks that are held. They are no prompt: the server renders
/// nothing of them, and Anthropic refuses a request with more than four. So what stands for a block is
/// marked as the agent marks its own; kept where they once were, markers would pile up.
enum MarkerSplice {
  /// Anthropic refuses more.
  private static let most = 4
  private static let quotedName: StaticString = "\"cache_control\""

  /// `block` with the markers of the one that the agent sends, every other byte as it is. Markers for
  /// which there is no place are left out.
  /// - Parameter agent: nil if the agent sends no such block.
  /// - Returns: nil if nothing has to be changed.
  static func marked(
    _ block: UnsafeRawBufferPointer, like agent: UnsafeRawBufferPointer?
  ) -> [UInt8]? {
    let isMarked = findBytes(quotedName, in: block) != nil
    let marks = agent.map { findBytes(quotedName, in: $0) != nil ? MarkerPlace.all($0) : [] } ?? []
    guard isMarked || !marks.isEmpty else { return nil }
    let places = MarkerPlace.all(block)
    var wanted: [Int: Slice<UnsafeRawBufferPointer>] = [:]
    if let agent {
      for mark in marks {
        guard let marker = mark.marker, let at = place(mark, agent, marks, in: places, block) else {
          continue
        }
        wanted[at] = agent[marker]
      }
    }
    var splice = ByteSplice()
    for (at, place) in places.enumerated() {
      switch (place.marker, wanted[at]) {
      case (nil, nil): continue
      case (.some, nil): splice.replace(place.cut, with: [])
      case (nil, let new?):
        splice.replace(place.end..<place.end, with: [UInt8(ascii: ",")] + new)
      case (let old?, let new?):
        if !block[old].elementsEqual(new) { splice.replace(old, with: Array(new)) }
      }
    }
    return splice.isEmpty ? nil : splice.applied(to: block)
  }

  /// Whether two blocks differ in nothing but their markers.
  static func isSameUnmarked(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
    switch (marked(a, like: nil), marked(b, like: nil)) {
    case (nil, nil): a.elementsEqual(b)
    case (let a?, nil): a.elementsEqual(b)
    case (nil, let b?): a.elementsEqual(b)
    case (let a?, let b?): a == b
    }
  }

  /// Whether a request would be refused for its markers that was not as the agent sent it: there may
  /// be some in places that are not known.
  static func isTooMuch(
    _ body: [ByteSlice], received: [ByteSlice], _ dialect: Dialect
  ) -> Bool {
    // The search takes some 100 us a megabyte, in front of forwarding.
    guard dialect == .anthropicMessages else { return false }
    let count = names(body)
    return count > most && count > names(received)
  }

  private static func names(_ body: [ByteSlice]) -> Int {
    body.reduce(0) { count, slice in
      var count = count
      var at = 0
      while let found = findBytes(
        quotedName, in: UnsafeRawBufferPointer(rebasing: slice.bytes[at...]))
      {
        count += 1
        at += found + quotedName.utf8CodeUnitCount
      }
      return count
    }
  }

  /// Where a marker of the agent's belongs in a block that may have more or fewer parts: to the part
  /// in its place, and behind the last part to the last one. Some kinds of parts are never marked, so
  /// one that has no marker yet must be of the kind of the agent's.
  private static func place(
    _ mark: MarkerPlace, _ agent: UnsafeRawBufferPointer, _ marks: [MarkerPlace],
    in places: [MarkerPlace], _ block: UnsafeRawBufferPointer
  ) -> Int? {
    func isAlike(_ at: Int) -> Bool {
      switch (mark.type, places[at].type) {
      case (nil, nil): true
      case (let a?, let b?): agent[a].elementsEqual(block[b])
      default: false
      }
    }
    let same = places.firstIndex { $0.path == mark.path }
    if let same, mark.path.isEmpty || places[same].marker != nil { return same }
    if mark.path.count == 1, marks.last(where: { $0.path.count == 1 })?.path == mark.path,
      let last = places.lastIndex(where: { $0.path.count == 1 }), isAlike(last)
    {
      return last
    }
    return same.flatMap { isAlike($0) ? $0 : nil }
  }
}

/// An object in a block that may be marked: the block itself, a part of its content, a part of that
/// part's. Arguments and schemas are none, whatever their members are called.
private struct MarkerPlace {
  /// The numbers of the parts it is in, outermost first.
  let path: [Int]
  /// The value of its `type`.
  private(set) var type: Range<Int>?
  /// The member that marks it.
  private(set) var marker: Range<Int>?
  /// That member and the comma that goes with it.
  private(set) var cut = 0..<0
  /// Behind its last member.
  private(set) var end = 0

  private static let deepest = 8

  static func all(_ block: UnsafeRawBufferPointer) -> [MarkerPlace] {
    var places: [MarkerPlace] = []
    read(block, at: 0, [], &places)
    return places
  }

  private static func read(
    _ block: UnsafeRawBufferPointer, at start: Int, _ path: [Int], _ places: inout [MarkerPlace]
  ) {
    var place = MarkerPlace(path: path)
    var parts: [Int] = []
    var scanner = JSONScanner(block, at: start)
    _ = scanner.members { key, value in
      let name = key.lowerBound - 1
      // In front of the first member there is no comma, but one behind it.
      if let marker = place.marker, place.end == marker.upperBound,
        place.cut.lowerBound == marker.lowerBound
      {
        place.cut = marker.lowerBound..<name
      }
      let first = block[value.lowerBound]
      if equal(block[key], "type") { place.type = value }
      if equal(block[key], "cache_control"), first == UInt8(ascii: "{") {
        place.marker = name..<value.upperBound
        place.cut = (place.end > 0 ? place.end : name)..<value.upperBound
      }
      if equal(block[key], "content"), first == UInt8(ascii: "[") {
        var list = JSONScanner(block, at: value.lowerBound)
        _ = list.elements {
          parts.append($0.lowerBound)
          return true
        }
      }
      if equal(block[key], "source"), first == UInt8(ascii: "{") { parts.append(value.lowerBound) }
      place.end = value.upperBound
      return true
    }
    guard place.end > 0 else { return }
    places.append(place)
    guard path.count < deepest else { return }
    for (number, part) in parts.enumerated() { read(block, at: part, path + [number], &places) }
  }
}

extension ServerView.Piece {
  /// The same text, marked as the agent marks the block; nil if it is already.
  func marked(like agent: UnsafeRawBufferPointer?) -> ServerView.Piece? {
    bytes.withUnsafeBytes { MarkerSplice.marked($0, like: agent) }.map { ServerView.Piece($0) }
  }

  func isSameUnmarked(as block: UnsafeRawBufferPointer) -> Bool {
    bytes.withUnsafeBytes { MarkerSplice.isSameUnmarked($0, block) }
  }
}

extension ServerView.Entry {
  /// Marks what stands for a block as the agent marks it, and nothing that it does not send.
  mutating func mark(like agent: UnsafeRawBufferPointer?) {
    if let piece = forwarded?.marked(like: agent) { forwarded = piece }
    for at in ghosts.indices {
      if let piece = ghosts[at].piece.marked(like: nil) { ghosts[at].piece = piece }
    }
  }
}
