import Bytes
import Proxy

/// Puts a member in front of the others of the object that an answer's body is. Anything but an
/// object passes untouched. Where the answer has a member of that name itself, the later one, its
/// own, is what readers take.
final class JSONMemberInserter: ResponseEditor {
  private enum Phase { case atStart, behindMember, over }

  private let member: ByteBuffer
  private var phase = Phase.atStart

  /// - Parameter member: name and value as they are written: `"name":value`.
  init(_ member: String) { self.member = ByteBuffer(copying: Array(member.utf8)) }

  func edit(_ bytes: UnsafeRawBufferPointer, _ write: (UnsafeRawBufferPointer) -> Void) {
    var start = 0
    while phase != .over,
      let at = bytes[start...].firstIndex(where: { !Self.isSpace($0) })
    {
      switch phase {
      case .atStart where bytes[at] == UInt8(ascii: "{"):
        write(UnsafeRawBufferPointer(rebasing: bytes[start...at]))
        write(member.bytes)
        start = at + 1
        phase = .behindMember
      case .behindMember where bytes[at] != UInt8(ascii: "}"):
        withUnsafeBytes(of: UInt8(ascii: ",")) { write($0) }
        phase = .over
      case .atStart, .behindMember, .over:
        phase = .over
      }
    }
    if start < bytes.count { write(UnsafeRawBufferPointer(rebasing: bytes[start...])) }
  }

  func finish(_ write: (UnsafeRawBufferPointer) -> Void) {}

  static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
  }
}
