import Prompt

/// The same tools in another order: they stay in the order in which the server has them, which need
/// not be the alphabet's.
enum ToolOrderRepair {
  static let repairClass = RepairClass.toolOrder

  /// Whether the request names all the tools that are kept, and each tool once.
  static func namesAll(_ kept: [ServerView.Tool], _ news: ArraySlice<Block>) -> Bool {
    let names = Set(news.map(\.identity))
    return names.count == news.count && kept.allSatisfy { names.contains($0.identity) }
  }
}
