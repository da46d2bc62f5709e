import Bytes

/// Adds a member at the end of a body that is a JSON object, without touching another byte of it.
enum TailMember {
  /// - Parameters:
  ///   - member: name and value as they are written, such as `"id_slot":1`.
  ///   - body: joined, the body.
  /// - Returns: nil if the body does not end like an object that has a member already.
  static func add(_ member: String, to body: [ByteSlice]) -> [ByteSlice]? {
    guard let end = lastByte(of: body, before: nil), end.byte == UInt8(ascii: "}"),
      let inside = lastByte(of: body, before: end), inside.byte != UInt8(ascii: "{"),
      inside.byte != UInt8(ascii: ",")
    else { return nil }
    var out = Array(body[..<end.piece])
    let slice = body[end.piece]
    let place = slice.range.lowerBound + end.offset
    out.append(ByteSlice(slice.buffer, slice.range.lowerBound..<place))
    out.append(ByteSlice(ByteBuffer(copying: Array(("," + member).utf8))))
    out.append(ByteSlice(slice.buffer, place..<slice.range.upperBound))
    out.append(contentsOf: body[(end.piece + 1)...])
    return out
  }

  private struct Place {
    var piece: Int
    var offset: Int
    var byte: UInt8
  }

  /// The last byte in front of a place that is no white space.
  private static func lastByte(of body: [ByteSlice], before place: Place?) -> Place? {
    for piece in body.indices.reversed() where piece <= place?.piece ?? .max {
      let bytes = body[piece].bytes
      let end = piece == place?.piece ? place?.offset ?? bytes.count : bytes.count
      for offset in (0..<end).reversed() {
        switch bytes[offset] {
        case 0x20, 0x0A, 0x0D, 0x09: continue
        default: return Place(piece: piece, offset: offset, byte: bytes[offset])
        }
      }
    }
    return nil
  }
}
