import Bytes

/// Names one conversation branch. Shown as eight hexadecimal digits.
public struct SessionID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let raw: UInt32

  public init(raw: UInt32) { self.raw = raw }

  public var description: String { hexadecimal(UInt64(raw), digits: 8) }

  public static func < (a: SessionID, b: SessionID) -> Bool { a.raw < b.raw }
}
