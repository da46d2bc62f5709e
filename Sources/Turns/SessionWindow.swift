/// The newest turns of one session, in ascending order of their numbers, for views. A value: a copy
/// of it is a frozen view that costs nothing until one of the two changes.
public struct SessionWindow: Sendable {
  /// How many turns are kept; the newest of them with their prompt maps.
  let capacity: Int
  let mapCapacity: Int
  /// Turns that left the window.
  public private(set) var forgotten = 0

  // Holds up to a quarter more than the capacity, so that dropping the oldest is rare.
  private var storage: [TurnRecord] = []

  public init(capacity: Int = 200, mapCapacity: Int = 64) {
    precondition(capacity > 0 && mapCapacity > 0, "a window holds at least one turn")
    self.capacity = capacity
    self.mapCapacity = mapCapacity
  }

  public var count: Int { min(storage.count, capacity) }
  public var isEmpty: Bool { storage.isEmpty }
  public var last: TurnRecord? { storage.last }
  public var first: TurnRecord? { isEmpty ? nil : self[0] }

  /// The turn at `index`, 0 for the oldest one kept.
  public subscript(index: Int) -> TurnRecord {
    storage[storage.count - count + index]
  }

  /// Index of a turn number, or nil if it is not in the window.
  public func index(ofTurn turn: Int) -> Int? {
    let at = lowerBound(turn)
    guard at < storage.count, storage[at].turn == turn else { return nil }
    let index = at - (storage.count - count)
    return index >= 0 ? index : nil
  }

  /// Index of the first turn kept whose number is not below `turn`; `count` if there is none.
  public func index(atOrAfterTurn turn: Int) -> Int {
    max(0, lowerBound(turn) - (storage.count - count))
  }

  /// Adds a turn, or replaces the record with the same number. A turn older than everything kept is
  /// ignored when the window is full.
  public mutating func record(_ record: TurnRecord) {
    let at = lowerBound(record.turn)
    if at < storage.count, storage[at].turn == record.turn {
      storage[at] = record
      return
    }
    if at == 0, storage.count >= capacity { return }
    storage.insert(record, at: at)
    if storage.count > mapCapacity { storage[storage.count - mapCapacity - 1].map = nil }
    if storage.count > capacity { forgotten += 1 }
    if storage.count > capacity + capacity / 4 { storage.removeFirst(storage.count - capacity) }
  }

  /// Changes the record of one turn in place, if it is still here.
  public mutating func update(turn: Int, _ change: (inout TurnRecord) -> Void) {
    let at = lowerBound(turn)
    guard at < storage.count, storage[at].turn == turn else { return }
    change(&storage[at])
  }

  /// Forgets all but the newest `count` turns.
  public mutating func keepNewest(_ count: Int) {
    guard storage.count > count else { return }
    forgotten += self.count - min(self.count, count)
    storage.removeFirst(storage.count - count)
  }

  private func lowerBound(_ turn: Int) -> Int {
    var low = 0
    var high = storage.count
    // Most records are newer than all others.
    if let last = storage.last, last.turn < turn { return high }
    while low < high {
      let middle = (low + high) / 2
      if storage[middle].turn < turn { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
