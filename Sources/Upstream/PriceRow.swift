import Bytes

/// Prices of one model, in dollars per million tokens.
public struct PriceRow: Sendable, Equatable {
  /// What writing to a cache costs.
  enum Write: Sendable, Equatable {
    case price(Double)
    /// Documented as the same as plain input.
    case asInput
    /// Not published: turns that wrote cannot be priced.
    case unpublished
  }

  /// From a prompt length on, other prices hold.
  struct LengthTier: Sendable, Equatable {
    var fromTokens: Int
    /// Factor on every price; nil if the price is not known there.
    var factor: Double?
  }

  /// At certain hours, other prices hold.
  struct Peak: Sendable, Equatable {
    var factor: Double
    /// Hours of the day in UTC, the last one excluded.
    var hours: [Range<Int>]
  }

  /// Normalised name prefixes.
  var models: [String]
  public var read: Double
  public var input: Double
  var output: Double
  var write: Write
  var writeHour: Write
  var lengthTiers: [LengthTier]
  var peak: Peak?
  /// When this price was looked up: `YYYY-MM-DD`, or less exact.
  public var date: String

  init(_ value: JSONValue, place: String) throws(PriceTableError) {
    models = (value["models"]?.array ?? []).compactMap { $0.string }.map(PriceTable.normalised)
    guard !models.isEmpty, !models.contains("") else {
      throw PriceTableError(place: "\(place).models", problem: "not a list of names")
    }
    read = try Self.price(value, "read", place)
    input = try Self.price(value, "input", place)
    output = try Self.price(value, "output", place)
    write = try Self.write(value, "write_5m", place)
    writeHour = try Self.write(value, "write_1h", place)
    date = value["date"]?.string ?? ""
    lengthTiers = []
    for (index, tier) in (value["length_tiers"]?.array ?? []).enumerated() {
      guard let from = tier["from_tokens"]?.integer, from > 0 else {
        throw PriceTableError(
          place: "\(place).length_tiers[\(index)].from_tokens", problem: "not a number of tokens")
      }
      lengthTiers.append(LengthTier(fromTokens: from, factor: Self.factor(tier["factor"])))
    }
    lengthTiers.sort { $0.fromTokens < $1.fromTokens }
    if let peak = value["peak"] {
      guard let factor = Self.factor(peak["factor"]) else {
        throw PriceTableError(place: "\(place).peak.factor", problem: "not a factor")
      }
      self.peak = Peak(factor: factor, hours: try Self.hours(peak, "\(place).peak.utc_hours"))
    }
  }

  /// The factor on this row's prices for a prompt of `tokens` tokens at a time; nil if unknown.
  func factor(promptTokens tokens: Int, at millis: Int64) -> Double? {
    var factor = 1.0
    if let tier = lengthTiers.last(where: { $0.fromTokens <= tokens }) {
      guard let known = tier.factor else { return nil }
      factor = known
    }
    if let peak {
      let day: Int64 = 86_400_000
      let hour = Int(((millis % day) + day) % day / 3_600_000)
      if peak.hours.contains(where: { $0.contains(hour) }) { factor *= peak.factor }
    }
    return factor
  }

  private static func price(
    _ row: JSONValue, _ key: String, _ place: String
  ) throws(PriceTableError) -> Double {
    guard let price = row[key]?.double, isPrice(price) else {
      throw PriceTableError(place: "\(place).\(key)", problem: "not a price")
    }
    return price
  }

  private static func write(
    _ row: JSONValue, _ key: String, _ place: String
  ) throws(PriceTableError) -> Write {
    guard let value = row[key] else { return .unpublished }
    if let price = value.double, isPrice(price) { return .price(price) }
    switch value.string {
    case "input": return .asInput
    case "unpublished": return .unpublished
    default:
      throw PriceTableError(
        place: "\(place).\(key)", problem: "neither a price, \"input\" nor \"unpublished\"")
    }
  }

  private static func isPrice(_ value: Double) -> Bool { value >= 0 && value < 1e9 }

  private static func factor(_ value: JSONValue?) -> Double? {
    guard let factor = value?.double, factor > 0, factor < 1e6 else { return nil }
    return factor
  }

  private static func hours(
    _ peak: JSONValue, _ place: String
  ) throws(PriceTableError) -> [Range<Int>] {
    var hours: [Range<Int>] = []
    for pair in peak["utc_hours"]?.array ?? [] {
      guard let ends = pair.array, ends.count == 2, let from = ends[0].integer,
        let to = ends[1].integer, 0 <= from, from < to, to <= 24
      else {
        throw PriceTableError(place: place, problem: "not a list of [from, to] hours")
      }
      hours.append(from..<to)
    }
    return hours
  }
}
