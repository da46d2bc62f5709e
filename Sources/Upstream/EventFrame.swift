import Bytes
import Glibc

/// What stands around the text of a stream event. From one event to the next of a stream mostly
/// nothing but that text changes, and what is known of the one before holds for the other.
struct EventFrame: Sendable {
  /// What the text adds to.
  enum Target: Sendable { case text, reasoning, lastCall }

  let target: Target
  private let front: [UInt8]
  private let back: [UInt8]
  private static let longest = 4096

  /// - Parameters:
  ///   - json: an event; read as JSON it has a string at `string`, quotes included.
  /// - Returns: nil if that is no string, or the frame is longer than is worth comparing.
  init?(_ json: UnsafeRawBufferPointer, _ string: Range<Int>, _ target: Target) {
    guard string.count >= 2, json[string.lowerBound] == UInt8(ascii: "\""),
      json.count - string.count < Self.longest
    else { return nil }
    self.target = target
    front = Array(json[...string.lowerBound])
    back = Array(json[(string.upperBound - 1)...])
  }

  /// The text of `json` with its escapes; nil if anything else is not as it was.
  func text(of json: UnsafeRawBufferPointer) -> Slice<UnsafeRawBufferPointer>? {
    let end = json.count - back.count
    guard end >= front.count, let base = json.baseAddress,
      memcmp(base, front, front.count) == 0, memcmp(base + end, back, back.count) == 0,
      memchr(base + front.count, 0x22, end - front.count) == nil
    else { return nil }
    // Behind an odd number of them the quote would not end the string.
    var slashes = 0
    while end - 1 - slashes >= front.count, json[end - 1 - slashes] == 0x5C { slashes += 1 }
    return slashes % 2 == 0 ? json[front.count..<end] : nil
  }
}
