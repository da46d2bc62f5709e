/// One cell of the screen: a scalar, at most one combining mark, and what it means.
public struct Cell: Equatable, Sendable {
  public var scalar: UInt32
  /// A combining mark on top of `scalar`; 0 if there is none.
  public var mark: UInt32
  public var role: Role
  /// Columns it takes: 1 or 2; 0 for the right half of a wide one.
  public var width: UInt8

  init(scalar: UInt32 = 0x20, mark: UInt32 = 0, role: Role = .normal, width: UInt8 = 1) {
    self.scalar = scalar
    self.mark = mark
    self.role = role
    self.width = width
  }

  static let blank = Cell()
}
