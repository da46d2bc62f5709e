import Bytes
import Glibc
import Proxy

/// Puts a member into an object inside one event of a stream: `"diagnostics":null` into `message` of
/// `message_start`. All other lines pass as they arrive; the event's own data line is held until it
/// is complete, and if it is not what was expected it passes untouched.
final class EventMemberInserter: ResponseEditor {
  private let events: [String]
  private let object: StaticString
  private let member: ByteBuffer
  /// The front of the line that is passing, enough to know an event's name.
  private var front: [UInt8] = []
  private let held = ByteBuffer(capacity: 1024)
  /// Lines of the event that is looked for are arriving.
  private var isInside = false
  private var isOver = false

  private static let frontBytes = 64
  private static let maxHeldBytes = 8 << 20

  /// - Parameters:
  ///   - events: names of the events, of which one occurs.
  ///   - object: the member of the event's data that gets the new one.
  ///   - member: name and value as they are written.
  init(events: [String], object: StaticString, member: String) {
    self.events = events
    self.object = object
    self.member = ByteBuffer(copying: Array(member.utf8))
  }

  func edit(_ bytes: UnsafeRawBufferPointer, _ write: (UnsafeRawBufferPointer) -> Void) {
    var rest = bytes
    while !isOver, let base = rest.baseAddress, !rest.isEmpty {
      let feed = memchr(base, 0x0A, rest.count).map { UnsafeRawPointer($0) - base }
      let line = UnsafeRawBufferPointer(rebasing: rest[..<(feed.map { $0 + 1 } ?? rest.count)])
      rest = UnsafeRawBufferPointer(rebasing: rest[line.count...])
      if isInside {
        hold(line, isComplete: feed != nil, write)
      } else {
        pass(line, isComplete: feed != nil, write)
      }
    }
    if !rest.isEmpty { write(rest) }
  }

  func finish(_ write: (UnsafeRawBufferPointer) -> Void) {
    if held.count > 0 { write(held.bytes) }
    held.removeAll()
    isOver = true
  }

  private func pass(
    _ line: UnsafeRawBufferPointer, isComplete: Bool, _ write: (UnsafeRawBufferPointer) -> Void
  ) {
    write(line)
    front.append(contentsOf: line.prefix(Self.frontBytes - front.count))
    guard isComplete else { return }
    isInside = names(front)
    front.removeAll(keepingCapacity: true)
  }

  private func names(_ line: [UInt8]) -> Bool {
    guard line.starts(with: "event:".utf8) else { return false }
    let name = line.dropFirst(6).drop { $0 == 0x20 }.prefix { $0 != 0x0A && $0 != 0x0D }
    return events.contains { $0.utf8.elementsEqual(name) }
  }

  private func hold(
    _ line: UnsafeRawBufferPointer, isComplete: Bool, _ write: (UnsafeRawBufferPointer) -> Void
  ) {
    held.append(line)
    if !isComplete, held.count <= Self.maxHeldBytes { return }
    let whole = held.bytes
    if isComplete, let place = place(in: whole) {
      write(UnsafeRawBufferPointer(rebasing: whole[..<place.at]))
      write(member.bytes)
      if place.needsComma { withUnsafeBytes(of: UInt8(ascii: ",")) { write($0) } }
      write(UnsafeRawBufferPointer(rebasing: whole[place.at...]))
      isOver = true
    } else {
      write(whole)
      // An empty line ends the event; so does a line that is too long to wait for.
      isInside = isComplete && !whole.allSatisfy { $0 == 0x0A || $0 == 0x0D }
      isOver = !isComplete
    }
    held.removeAll()
  }

  /// Where the member goes in a data line; nil if it is another line, or other data.
  private func place(in line: UnsafeRawBufferPointer) -> (at: Int, needsComma: Bool)? {
    guard line.starts(with: "data:".utf8) else { return nil }
    var scanner = JSONScanner(line, at: 5)
    scanner.skipWhitespace()
    guard let value = scanner.member(object), line[value.lowerBound] == UInt8(ascii: "{") else {
      return nil
    }
    let inside = line[(value.lowerBound + 1)..<value.upperBound]
    let next = inside.first { !JSONMemberInserter.isSpace($0) }
    return (value.lowerBound + 1, next != UInt8(ascii: "}"))
  }
}
