import Glibc

/// Finds the events of a `text/event-stream` (WHATWG HTML, section 9.2.6) without changing a byte.
///
/// Only `event` and `data` are read. Lines end in LF, CRLF or CR. An event that is cut off by the end
/// of the stream is never reported, as the standard demands. Memory is bounded by `maxEventBytes`; an
/// event whose data or one of whose lines is longer is skipped and counted.
public struct SSEScanner {
  private let maxEventBytes: Int
  /// An unfinished line from earlier reads.
  private var line: [UInt8] = []
  private var lineIsOversized = false
  /// The last byte was a CR that ended a line: a LF that follows belongs to it.
  private var endedWithReturn = false
  private var isFirstLine = true

  private var name: String?
  /// Data of the event so far, unless it is one line of the present read.
  private var data: [UInt8] = []
  private var direct: Range<Int>?
  private var hasData = false
  private var eventIsOversized = false
  /// Names seen lately, so that a name costs no allocation per event.
  private var knownNames: [String] = []

  /// Events that were skipped because they were over the bound.
  public private(set) var oversizedEvents = 0

  /// - Parameter maxEventBytes: bound on the data of one event, and on one line.
  public init(maxEventBytes: Int = 1 << 20) {
    self.maxEventBytes = max(1, maxEventBytes)
  }

  /// Takes the next bytes of the stream and calls `event` for each event that they complete.
  /// - Parameter event: gets the event's name, nil if it has none, and its data, which is valid
  ///   during the call only. Lines of data are joined by LF.
  public mutating func feed(
    _ bytes: UnsafeRawBufferPointer,
    _ event: (_ name: String?, _ data: UnsafeRawBufferPointer) -> Void
  ) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    var at = 0
    var nextFeed = -1
    while at < bytes.count {
      if endedWithReturn {
        endedWithReturn = false
        if bytes[at] == ByteClass.lineFeed {
          at += 1
          continue
        }
      }
      if nextFeed < at {
        nextFeed =
          memchr(base + at, 0x0A, bytes.count - at).map { UnsafeRawPointer($0) - base }
          ?? bytes.count
      }
      var end = nextFeed
      if let found = memchr(base + at, 0x0D, nextFeed - at) {
        end = UnsafeRawPointer(found) - base
        endedWithReturn = true
      }
      guard end < bytes.count else {
        keepPartialLine(bytes[at...])
        break
      }
      finishLine(bytes, at..<end, event)
      at = end + 1
    }
    if let range = direct {
      data.append(contentsOf: bytes[range])
      direct = nil
    }
  }

  private mutating func keepPartialLine(_ part: Slice<UnsafeRawBufferPointer>) {
    guard !lineIsOversized, part.count <= maxEventBytes - line.count else {
      lineIsOversized = true
      line = []
      return
    }
    line.append(contentsOf: part)
  }

  @inline(__always)
  private mutating func finishLine(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>,
    _ event: (String?, UnsafeRawBufferPointer) -> Void
  ) {
    if line.isEmpty, !lineIsOversized, range.count <= maxEventBytes {
      read(bytes, range, isDirect: true, event)
      return
    }
    keepPartialLine(bytes[range])
    if lineIsOversized {
      lineIsOversized = false
      isFirstLine = false
      eventIsOversized = true
      return
    }
    let whole = line
    line = []
    // Data that points into this read must not be taken for a range of the collected line.
    whole.withUnsafeBytes { read($0, 0..<$0.count, isDirect: false, event) }
  }

  @inline(__always)
  private mutating func read(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, isDirect: Bool,
    _ event: (String?, UnsafeRawBufferPointer) -> Void
  ) {
    var range = range
    if isFirstLine {
      isFirstLine = false
      if range.count >= 3, hasPrefix("\u{FEFF}", bytes, range) {
        range = range.lowerBound + 3..<range.upperBound
      }
    }
    if range.isEmpty {
      dispatch(bytes, event)
    } else if hasPrefix("data", bytes, range) {
      guard let value = value(bytes, range, nameCount: 4) else { return }
      appendData(bytes, value, isDirect: isDirect)
    } else if hasPrefix("event", bytes, range) {
      guard let value = value(bytes, range, nameCount: 5) else { return }
      name = value.isEmpty ? nil : intern(UnsafeRawBufferPointer(rebasing: bytes[value]))
    }
  }

  /// The value of the field whose name takes up `nameCount` bytes, or nil if the name is longer.
  @inline(__always)
  private func value(
    _ bytes: UnsafeRawBufferPointer, _ range: Range<Int>, nameCount: Int
  ) -> Range<Int>? {
    var start = range.lowerBound + nameCount
    if start == range.upperBound { return start..<start }
    guard bytes[start] == UInt8(ascii: ":") else { return nil }
    start += 1
    if start < range.upperBound, bytes[start] == ByteClass.space { start += 1 }
    return start..<range.upperBound
  }

  @inline(__always)
  private mutating func appendData(
    _ bytes: UnsafeRawBufferPointer, _ value: Range<Int>, isDirect: Bool
  ) {
    guard !eventIsOversized else { return }
    if !hasData, isDirect {
      hasData = true
      direct = value
      return
    }
    let known = direct?.count ?? data.count
    let separator = hasData ? 1 : 0
    guard value.count + separator <= maxEventBytes - known else {
      eventIsOversized = true
      direct = nil
      data = []
      return
    }
    // `direct` is only ever set within the read in which it is used, and a collected line is always
    // the first of its read, so both ranges lie in `bytes` here.
    if let first = direct {
      data.append(contentsOf: bytes[first])
      direct = nil
    }
    if hasData { data.append(ByteClass.lineFeed) }
    data.append(contentsOf: bytes[value])
    hasData = true
  }

  @inline(__always)
  private mutating func dispatch(
    _ bytes: UnsafeRawBufferPointer, _ event: (String?, UnsafeRawBufferPointer) -> Void
  ) {
    if eventIsOversized {
      oversizedEvents += 1
    } else if let range = direct {
      event(name, UnsafeRawBufferPointer(rebasing: bytes[range]))
    } else if hasData {
      data.withUnsafeBytes { event(name, $0) }
    }
    direct = nil
    data.removeAll(keepingCapacity: data.capacity <= 4096)
    hasData = false
    eventIsOversized = false
    name = nil
  }

  private mutating func intern(_ bytes: UnsafeRawBufferPointer) -> String {
    for known in knownNames
    where known.utf8.count == bytes.count && known.utf8.elementsEqual(bytes) {
      return known
    }
    let name = String(decoding: bytes, as: UTF8.self)
    if knownNames.count < 16, bytes.count <= 64 { knownNames.append(name) }
    return name
  }
}
