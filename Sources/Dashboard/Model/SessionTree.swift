import Prefix

/// Where a session stands in the tree of branches.
struct TreePlace: Sendable, Equatable {
  /// 0 for one that belongs to no other one on screen.
  var depth = 0
  /// Sessions that branch off from it, at any depth.
  var descendants = 0
  var isFolded = false
}

/// Sessions with those that branched off from them (subagents, forks) right behind them.
enum SessionTree {
  /// - Parameters:
  ///   - ids: in the order wanted among siblings.
  ///   - parent: of one session; one that is not among `ids` counts as none.
  /// - Returns: the sessions that show, and the place of each of those.
  static func arrange(
    _ ids: [SessionID], folded: Set<SessionID>, parent: (SessionID) -> SessionID?
  ) -> (visible: [SessionID], places: [SessionID: TreePlace]) {
    let known = Set(ids)
    var children: [SessionID: [SessionID]] = [:]
    var roots: [SessionID] = []
    for id in ids {
      if let parent = parent(id), parent != id, known.contains(parent) {
        children[parent, default: []].append(id)
      } else {
        roots.append(id)
      }
    }
    guard !children.isEmpty else { return (ids, [:]) }
    var order: [(id: SessionID, depth: Int)] = []
    var seen: Set<SessionID> = []
    func walk(_ starts: [SessionID]) {
      var open = starts.reversed().map { (id: $0, depth: 0) }
      while let next = open.popLast() {
        guard seen.insert(next.id).inserted else { continue }
        order.append(next)
        for child in (children[next.id] ?? []).reversed() { open.append((child, next.depth + 1)) }
      }
    }
    walk(roots)
    // Sessions that name each other as their parents hang from no root.
    if order.count < ids.count { walk(ids) }

    var visible: [SessionID] = []
    var places: [SessionID: TreePlace] = [:]
    var hiddenBelow: Int?
    for (index, node) in order.enumerated() {
      if let depth = hiddenBelow {
        if node.depth > depth { continue }
        hiddenBelow = nil
      }
      let end = order[(index + 1)...].firstIndex { $0.depth <= node.depth } ?? order.count
      let place = TreePlace(
        depth: node.depth, descendants: end - index - 1,
        isFolded: end > index + 1 && folded.contains(node.id))
      if place.isFolded { hiddenBelow = node.depth }
      visible.append(node.id)
      places[node.id] = place
    }
    return (visible, places)
  }
}
