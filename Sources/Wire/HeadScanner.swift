import Glibc

/// Finds and reads the lines of a head. A head that arrives in one piece is read where it lies and
/// copied once, when it is complete; one that arrives in pieces is collected first.
struct HeadScanner<Start: StartLine> {
  /// Empty lines tolerated in front of a request line.
  private static var maximumEmptyLines: Int { 4 }

  private let limits: HTTPLimits
  /// Everything received of an unfinished head; empty between heads.
  private var pending: [UInt8] = []
  private var lines: [FieldLine] = []
  private(set) var start = Start()
  private(set) var facts = FramingFacts()
  /// Where the line that is waited for begins.
  private var lineStart = 0
  /// No line feed stands between `lineStart` and here.
  private var scanned = 0
  /// Where the field lines begin; nil until the start line has been read.
  private var fieldsStart: Int?
  private var emptyLines = 0

  init(limits: HTTPLimits) {
    self.limits = limits
  }

  /// Whether no byte of a head has been seen.
  var isIdle: Bool { pending.isEmpty }

  /// Takes bytes up to the end of the head.
  /// - Returns: how many bytes were taken, and the fields if the head is complete. `start` and
  ///   `facts` are then valid until `reset()`.
  mutating func consume(
    _ input: UnsafeRawBufferPointer
  ) throws(WireError) -> (consumed: Int, fields: HeaderFields?) {
    if pending.isEmpty {
      let end: Int?
      do throws(WireError) {
        end = try scan(input)
      } catch {
        pending = [UInt8](input.prefix(Self.mostOfStart))
        throw error
      }
      if let end {
        let storage = [UInt8](input[0..<end])
        return (end, HeaderFields(storage: storage, lines: lines))
      }
      pending = [UInt8](input)
      return (input.count, nil)
    }
    let known = pending.count
    // No head is longer than this, so that a body behind it is not copied along.
    let longest = limits.requestLineBytes + limits.headerBytes + 2 * Self.maximumEmptyLines
    pending.append(contentsOf: input.prefix(max(longest + 1 - known, 1)))
    let collected = pending
    pending = []
    let end: Int?
    do throws(WireError) {
      end = try collected.withBytes { bytes throws(WireError) in try scan(bytes) }
      pending = collected
    } catch {
      pending = collected
      throw error
    }
    guard let end else { return (pending.count - known, nil) }
    pending.removeLast(pending.count - end)
    return (end - known, HeaderFields(storage: pending, lines: lines))
  }

  /// Longer than the start of a line that has to be recognised.
  private static var mostOfStart: Int { 1024 }

  /// What has arrived of the first line that is not empty, refused or not, as far as that tells what
  /// the head is about.
  var begunLine: ArraySlice<UInt8> { Self.firstLine(pending) }

  static func firstLine(_ head: [UInt8]) -> ArraySlice<UInt8> {
    let start = head.prefix(mostOfStart).drop { [0x0D, 0x0A].contains($0) }
    return start.prefix { $0 != ByteClass.carriageReturn && $0 != 0x0A }
  }

  /// Makes the scanner ready for the next head and gives its memory back.
  mutating func reset() {
    self = HeadScanner(limits: limits)
  }

  /// Reads all complete lines of `bytes`, which begin where the head begins.
  /// - Returns: the end of the head, or nil if it is not complete.
  private mutating func scan(_ bytes: UnsafeRawBufferPointer) throws(WireError) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    while true {
      if fieldsStart == nil, lineStart < bytes.count {
        let first = bytes[lineStart]
        guard
          Start.canBegin(with: first)
            || Start.toleratesEmptyLines && first == ByteClass.carriageReturn
        else { throw first == ByteClass.lineFeed ? .bareLineFeed : Start.malformed }
      }
      let bound = fieldsStart.map { $0 + limits.headerBytes } ?? lineStart + limits.requestLineBytes
      let end = min(bound, bytes.count)
      guard scanned < end, let found = memchr(base + scanned, 0x0A, end - scanned) else {
        scanned = max(scanned, end)
        guard bytes.count < bound else {
          throw fieldsStart == nil
            ? Start.tooLong(limit: limits.requestLineBytes)
            : .headerTooLarge(limit: limits.headerBytes)
        }
        return nil
      }
      let feed = UnsafeRawPointer(found) - base
      guard feed > lineStart, bytes[feed - 1] == ByteClass.carriageReturn else {
        throw .bareLineFeed
      }
      let line = lineStart..<feed - 1
      lineStart = feed + 1
      scanned = lineStart
      if try read(bytes, line) { return lineStart }
    }
  }

  /// - Returns: whether `line` ends the head.
  @inline(__always)
  private mutating func read(
    _ bytes: UnsafeRawBufferPointer, _ line: Range<Int>
  ) throws(WireError) -> Bool {
    if fieldsStart == nil {
      if line.isEmpty {
        emptyLines += 1
        guard emptyLines <= Self.maximumEmptyLines else { throw Start.malformed }
        return false
      }
      try start.read(bytes, line)
      fieldsStart = lineStart
      lines.reserveCapacity(24)
      return false
    }
    if line.isEmpty { return true }
    let field = try FieldLine(bytes, line)
    guard lines.count < limits.headerCount else { throw .tooManyFields(limit: limits.headerCount) }
    try facts.note(field, bytes)
    lines.append(field)
    return false
  }
}
