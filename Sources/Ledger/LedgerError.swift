/// A ledger operation that failed. The sentence for people is made by whoever shows it, from
/// `description`.
public struct LedgerError: Error, Sendable, Equatable, CustomStringConvertible {
  enum Operation: String, Sendable {
    case create, open, check, migrate, write, read, trim
    case setAside = "set aside"
  }

  enum Reason: Sendable, Equatable {
    /// The file is damaged, or no database at all.
    case damaged(String)
    /// The file is in order but is not a ledger, or one of a later version.
    case foreign(String)
    /// Out of space, out of reach, locked for too long.
    case unavailable(String)
  }

  var operation: Operation
  var path: String
  var reason: Reason

  init(_ operation: Operation, _ path: String, _ reason: Reason) {
    self.operation = operation
    self.path = path
    self.reason = reason
  }

  var isDamage: Bool {
    if case .damaged = reason { return true }
    return false
  }

  public var description: String {
    let text =
      switch reason {
      case .damaged(let text), .foreign(let text), .unavailable(let text): text
      }
    return "cannot \(operation.rawValue) the ledger \(path): \(text)"
  }
}
