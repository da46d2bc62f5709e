/// How many bytes the bodies of all requests under way may have together. Used on the loop's thread
/// only.
final class BodyAllowance {
  /// Bodies that were let in stay in when it becomes less.
  var limit: Int
  fileprivate(set) var taken = 0

  init(limit: Int) { self.limit = limit }

  /// Nil if so much is not left.
  func take(_ count: Int) -> BodyShare? {
    let share = BodyShare(of: self)
    return share.grow(to: count) ? share : nil
  }
}

/// One body's part of the allowance; given back with the last reference.
final class BodyShare {
  private let allowance: BodyAllowance
  private var count = 0

  fileprivate init(of allowance: BodyAllowance) { self.allowance = allowance }

  deinit { allowance.taken -= count }

  /// False, and unchanged, if so much is not left.
  func grow(to count: Int) -> Bool {
    guard count - self.count <= allowance.limit - allowance.taken else { return false }
    allowance.taken += count - self.count
    self.count = count
    return true
  }
}
