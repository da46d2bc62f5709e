import Bytes

/// What models cost, as a dated list that people can edit: `Resources/prices.json`, or a file of
/// the same form. The counterpart that applies it is `CostMeter`.
public struct PriceTable: Sendable, Equatable {
  /// When the list was put together, `YYYY-MM-DD`; rows may be older and carry their own date.
  public var date: String
  public var rows: [PriceRow]
  /// Words that, right behind a row's name, make it another product with another price.
  var otherProducts: [String]

  /// Reads the JSON form.
  /// - Throws: the first mistake, named by its place.
  public init(_ json: UnsafeRawBufferPointer) throws(PriceTableError) {
    guard let value = JSONValue(json) else { throw PriceTableError(place: "", problem: "not JSON") }
    guard let date = value["date"]?.string else {
      throw PriceTableError(place: "date", problem: "missing")
    }
    guard let list = value["rows"]?.array else {
      throw PriceTableError(place: "rows", problem: "missing")
    }
    self.date = date
    otherProducts = (value["other_products"]?.array ?? []).compactMap { $0.string?.lowercased() }
    rows = []
    for (index, row) in list.enumerated() {
      rows.append(try PriceRow(row, place: "rows[\(index)]"))
    }
  }

  /// The table that comes with the program.
  public static let standard: PriceTable = {
    do {
      return try PackageResources.prices_json.withUnsafeBytes { try PriceTable($0) }
    } catch {
      preconditionFailure("the built-in price list: \(error)")
    }
  }()

  public enum Match: Sendable, Equatable {
    case row(PriceRow)
    case unpriced(UnpricedReason)
  }

  /// The row whose name is the longest prefix of `model`. Names are compared without the provider
  /// in front of a slash, without case, and with dots as dashes.
  public func match(_ model: String) -> Match {
    let name = Self.normalised(model)
    var best: (row: PriceRow, length: Int)?
    for row in rows {
      for prefix in row.models where isPrefix(prefix, of: name) {
        if prefix.utf8.count > best?.length ?? 0 { best = (row, prefix.utf8.count) }
      }
    }
    guard let best else { return .unpriced(.unknownModel) }
    let rest = name.utf8.dropFirst(best.length)
    let words = rest.split { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: ":") }
    if let word = words.first, otherProducts.contains(where: { $0.utf8.elementsEqual(word) }) {
      return .unpriced(.unknownModel)
    }
    return .row(best.row)
  }

  /// Whether `prefix` is `name` or its beginning up to the end of a word.
  private func isPrefix(_ prefix: String, of name: String) -> Bool {
    guard name.utf8.starts(with: prefix.utf8) else { return false }
    guard let next = name.utf8.dropFirst(prefix.utf8.count).first else { return true }
    return !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(next)
      && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next)
  }

  static func normalised(_ model: String) -> String {
    let name = model.split(separator: "/").last.map(String.init) ?? model
    return String(decoding: name.lowercased().utf8.map { $0 == 0x2E ? 0x2D : $0 }, as: UTF8.self)
  }
}

/// A price list that cannot be used.
public struct PriceTableError: Error, Sendable, Equatable, CustomStringConvertible {
  /// Path of the value, `rows[3].input`; empty for the whole text.
  var place: String
  var problem: String

  public var description: String { place.isEmpty ? problem : "\(place) is \(problem)" }
}
