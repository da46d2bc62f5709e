public import Bytes

/// The binary form of an index, for requests whose body is not kept: digests and places only.
extension RequestIndex {
  public func encode(to writer: inout BinaryWriter) {
    writer.byte(dialect.rawValue)
    writer.flag(streams)
    for range in [model, previousResponse, conversationKey, messagesArray, toolsArray] {
      writer.optional(range) { writer, range in
        writer.count(range.lowerBound)
        writer.count(range.count)
      }
    }
    writer.count(blocks.count)
    for block in blocks {
      writer.byte(block.group.rawValue)
      writer.byte(block.kind.rawValue)
      writer.number(UInt64(block.offset))
      writer.number(UInt64(block.length))
      writer.digest(block.digest)
      writer.word(block.identity)
    }
  }

  /// - Throws: `BinaryReader.Damaged` if this is not what `encode` writes.
  public init(from reader: inout BinaryReader) throws(BinaryReader.Damaged) {
    guard let dialect = Dialect(rawValue: try reader.byte()) else { throw BinaryReader.Damaged() }
    let streams = try reader.flag()
    var ranges: [Range<Int>?] = []
    for _ in 0..<5 {
      ranges.append(
        try reader.optional { (reader) throws(BinaryReader.Damaged) in try Self.range(&reader) })
    }
    var groups: [[Block]] = [[], [], [], []]
    var last = BlockGroup.knobs
    for _ in 0..<(try reader.elements(ofSize: 28)) {
      let block = try Self.block(&reader)
      guard block.group >= last else { throw BinaryReader.Damaged() }
      last = block.group
      groups[Int(block.group.rawValue)].append(block)
    }
    self.init(
      dialect: dialect, knobs: groups[0], tools: groups[1], system: groups[2], messages: groups[3],
      model: ranges[0], previousResponse: ranges[1], conversationKey: ranges[2], streams: streams,
      messagesArray: ranges[3], toolsArray: ranges[4])
  }

  private static let longest = Int(UInt32.max)

  private static func range(
    _ reader: inout BinaryReader
  ) throws(BinaryReader.Damaged) -> Range<Int> {
    let start = try reader.count(upTo: longest)
    return start..<(start + (try reader.count(upTo: longest - start)))
  }

  private static func block(_ reader: inout BinaryReader) throws(BinaryReader.Damaged) -> Block {
    guard let group = BlockGroup(rawValue: try reader.byte()),
      let kind = BlockKind(rawValue: try reader.byte())
    else { throw BinaryReader.Damaged() }
    let range = try range(&reader)
    let digest = try reader.digest()
    return Block(
      group: group, kind: kind, offset: UInt32(range.lowerBound), length: UInt32(range.count),
      digest: digest, identity: try reader.word())
  }
}

extension TokenEstimate {
  public func encode(to writer: inout BinaryWriter) {
    writer.word(bytesPerToken.bitPattern)
    writer.count(points.count)
    for point in points {
      writer.count(point.bytes)
      writer.count(point.tokens)
    }
  }

  /// - Throws: `BinaryReader.Damaged` if this is not what `encode` writes.
  public init(from reader: inout BinaryReader) throws(BinaryReader.Damaged) {
    self.init()
    let rate = Double(bitPattern: try reader.word())
    guard rate >= 1, rate <= 16 else { throw BinaryReader.Damaged() }
    var last = Point(bytes: 0, tokens: 0)
    var read: [Point] = []
    for _ in 0..<(try reader.count(upTo: Self.maximumPoints)) {
      let point = Point(
        bytes: try reader.count(upTo: 1 << 48), tokens: try reader.count(upTo: 1 << 48))
      guard point.bytes > last.bytes, point.tokens > last.tokens else {
        throw BinaryReader.Damaged()
      }
      read.append(point)
      last = point
    }
    restore(read, bytesPerToken: rate)
  }
}
