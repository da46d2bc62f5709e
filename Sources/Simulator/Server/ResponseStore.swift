/// Conversations that `previous_response_id` can continue, oldest first; bounded.
struct ResponseStore {
  private static let maxEntries = 512
  private static let maxBytes = 64 << 20
  private var order: [String] = []
  private var conversations: [String: [Turn]] = [:]
  private var bytes = 0

  private static func size(_ turns: [Turn]) -> Int {
    turns.reduce(0) { $0 + $1.text.utf8.count + $1.calls.count * 256 + 64 }
  }

  mutating func keep(_ turns: [Turn], as id: String) {
    order.append(id)
    conversations[id] = turns
    bytes += Self.size(turns)
    while order.count > Self.maxEntries || (bytes > Self.maxBytes && order.count > 1) {
      if let dropped = conversations.removeValue(forKey: order.removeFirst()) {
        bytes -= Self.size(dropped)
      }
    }
  }

  subscript(id: String) -> [Turn]? { conversations[id] }
}
