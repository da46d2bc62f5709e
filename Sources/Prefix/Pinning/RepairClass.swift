/// What a repair is about: the unit in which repairs are switched on and off. The order is that of
/// trust: what loses nothing first, what brings back dropped text last.
public enum RepairClass: UInt8, Sendable, CaseIterable {
  /// Writings that the server renders alike.
  case neutral
  /// The order of the tools.
  case toolOrder
  /// The order of keys and names in a tool's schema.
  case toolSchema
  /// The same content in other bytes: arguments, wrapping, trailing white space.
  case rewriting
  /// Ids that pair calls and results.
  case ids
  /// The billing line of Claude Code.
  case billing
  /// The agent's echo of what the model wrote.
  case echo

  case clock
  case environment
  case memory
  /// The description of a tool whose name and schema stayed.
  case toolDescription
  /// An earlier message with another content.
  case edit
  /// A message put in front of earlier ones.
  case inserted

  case reminder
  case reasoning
  case clearedResult
  /// Messages left out from among earlier ones.
  case dropped

  /// The name in options and on screens.
  public var name: String {
    switch self {
    case .neutral: "rendering"
    case .toolOrder: "tool-order"
    case .toolSchema: "tool-schema"
    case .rewriting: "rewriting"
    case .ids: "ids"
    case .billing: "billing"
    case .echo: "echo"
    case .clock: "clock"
    case .environment: "environment"
    case .memory: "memory"
    case .toolDescription: "tool-text"
    case .edit: "edit"
    case .inserted: "inserted"
    case .reminder: "reminder"
    case .reasoning: "reasoning"
    case .clearedResult: "cleared"
    case .dropped: "dropped"
    }
  }

  public init?(name: String) {
    guard let found = RepairClass.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }

  /// What the repair does, for people; at most 60 characters.
  public var summary: String {
    switch self {
    case .neutral: "bytes that the server renders alike"
    case .toolOrder: "tools stay in their first order"
    case .toolSchema: "a tool's schema keeps its first writing"
    case .rewriting: "same content in other bytes keeps the first ones"
    case .ids: "renamed call ids are named back"
    case .billing: "the billing line stays as it was first"
    case .echo: "the model's own words stand in place of their echo"
    case .clock: "date and time stay; the new ones go to the tail"
    case .environment: "directory and git state stay; changes go to the tail"
    case .memory: "injected text stays; changes go to the tail"
    case .toolDescription: "a tool's description stays; changes go to the tail"
    case .edit: "an edited message stays; the change goes to the tail"
    case .inserted: "a message put among old ones goes to the tail"
    case .reminder: "a dropped reminder stays"
    case .reasoning: "dropped reasoning stays"
    case .clearedResult: "a cleared tool result stays"
    case .dropped: "dropped messages stay"
    }
  }

  /// How much the repair has to assume.
  var tier: RepairTier {
    switch self {
    case .neutral, .toolOrder, .toolSchema, .rewriting, .ids, .billing, .echo: .lossless
    case .clock, .environment, .memory, .toolDescription, .edit, .inserted: .moved
    case .reminder, .reasoning, .clearedResult, .dropped: .restored
    }
  }
}

/// A set of repair classes.
public struct RepairSet: OptionSet, Sendable, Hashable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) { self.rawValue = rawValue & Self.mask }

  public init(_ one: RepairClass) { self.init(rawValue: 1 << UInt32(one.rawValue)) }

  private static let mask: UInt32 = (1 << UInt32(RepairClass.allCases.count)) - 1

  public static let all = RepairSet(rawValue: mask)

  public func contains(_ one: RepairClass) -> Bool { contains(RepairSet(one)) }

  /// The classes in it, in order.
  public var classes: [RepairClass] { RepairClass.allCases.filter { contains($0) } }

  /// Reads names separated by commas: `clock,reminder`. nil if one is unknown.
  public init?(names: String) {
    var set: RepairSet = []
    for name in names.split(separator: ",") {
      let trimmed = name.filter { $0 != " " }
      guard let one = RepairClass(name: trimmed) else { return nil }
      set.insert(RepairSet(one))
    }
    self = set
  }

  public var names: String { classes.map(\.name).joined(separator: ",") }
}
