import Bytes

/// What text weighs in tokens, roughly and relative to other text: by the runs of letters, digits,
/// marks and white space into which tokenizers cut it first. Schemas weigh more per byte than prose,
/// which is all this is for; the scale comes from the server's counts.
///
///     You are brief.                     4
///     {"type":"string"}                  5
public enum TokenWeight {
  public static func of(_ bytes: UnsafeRawBufferPointer) -> Int {
    kinds.withUnsafeBufferPointer { weigh(bytes, $0) }
  }

  private static func weigh(
    _ bytes: UnsafeRawBufferPointer, _ kinds: UnsafeBufferPointer<Kind>
  ) -> Int {
    var weight = 0
    var at = 0
    while at < bytes.count {
      let start = at
      let kind = kinds[Int(bytes[at])]
      at += kind == .escape ? 2 : 1
      while at < bytes.count, kinds[Int(bytes[at])] == kind { at += kind == .escape ? 2 : 1 }
      let length = min(at, bytes.count) - start
      switch kind {
      // One space belongs to the word behind it.
      case .space: weight += length > 1 ? 1 : 0
      case .letter: weight += 1 + (length - 1) / 8
      case .digit: weight += (2 * length + 2) / 3
      case .mark: weight += (length + 2) / 3
      case .escape: weight += (length + 3) / 4
      case .high: weight += (length + 1) / 2
      }
    }
    return weight
  }

  private enum Kind: UInt8 { case space, letter, digit, mark, escape, high }

  private static let kinds: [Kind] = (0..<256).map { value in
    switch UInt8(value) {
    case 0x20, 0x09, 0x0A, 0x0D: .space
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): .letter
    case UInt8(ascii: "0")...UInt8(ascii: "9"): .digit
    case UInt8(ascii: "\\"): .escape
    case 0x80...0xFF: .high
    default: .mark
    }
  }
}

extension RequestIndex {
  /// Weight of a range of the prompt: of the bytes of all blocks but knobs, one behind the other in
  /// this order.
  /// - Parameter whole: the weight of a block that lies in the range as a whole.
  public func weight(
    of range: Range<Int>, _ body: UnsafeRawBufferPointer, _ order: RenderingOrder,
    whole: (_ block: Int, UnsafeRawBufferPointer) -> Int = { TokenWeight.of($1) }
  ) -> Int {
    var weight = 0
    var start = 0
    for segment in segments(order).dropFirst() {
      for at in segment {
        let block = blocks[at]
        let end = start + Int(block.length)
        let part = range.clamped(to: start..<end)
        let offset = Int(block.offset) - start
        if !part.isEmpty, offset + part.upperBound <= body.count {
          let bytes = UnsafeRawBufferPointer(
            rebasing: body[(offset + part.lowerBound)..<(offset + part.upperBound)])
          weight += part == start..<end ? whole(at, bytes) : TokenWeight.of(bytes)
        }
        start = end
        if start >= range.upperBound { return weight }
      }
    }
    return weight
  }
}
