/// One picture of the whole screen: a grid of cells. Nothing outside of the grid can be drawn, and
/// no cell can hold anything a terminal would obey.
public struct Frame: Equatable, Sendable {
  public let size: Size
  /// Row after row, `size.columns` each.
  public private(set) var cells: [Cell]
  private let ascii: Bool

  /// - Parameter ascii: whatever is not in 0x20...0x7E is drawn as `?`.
  public init(size: Size, ascii: Bool = false) {
    self.size = Size(columns: max(0, size.columns), rows: max(0, size.rows))
    self.ascii = ascii
    cells = Array(repeating: .blank, count: self.size.columns * self.size.rows)
  }

  /// Draws `text` and stops at `width` columns or at the edge. A wide scalar that would be cut is
  /// left out.
  /// - Returns: the column behind what was drawn.
  @discardableResult
  public mutating func put(
    _ text: String, row: Int, column: Int, width: Int = .max, role: Role = .normal
  ) -> Int {
    guard row >= 0, row < size.rows, column >= 0, width > 0 else { return column }
    var at = column
    let end = width >= size.columns ? size.columns : min(size.columns, column + width)
    let base = row * size.columns
    for scalar in text.unicodeScalars {
      let value = scalar.value
      if value >= 0x20 && value < 0x7F {
        guard at < end else { return at }
        cells[base + at] = Cell(scalar: value, role: role)
        at += 1
        continue
      }
      switch ascii ? .unprintable : TextWidth.classify(scalar) {
      case .columns(let columns):
        guard at + columns <= end else { return at }
        cells[base + at] = Cell(scalar: value, role: role, width: UInt8(columns))
        if columns == 2 { cells[base + at + 1] = Cell(scalar: 0, role: role, width: 0) }
        at += columns
      case .combining:
        var target = at - 1
        if target > column, cells[base + target].width == 0 { target -= 1 }
        if target >= column, cells[base + target].mark == 0 { cells[base + target].mark = value }
      case .unprintable:
        guard at < end else { return at }
        cells[base + at] = Cell(scalar: 0x3F, role: role)
        at += 1
      }
    }
    return at
  }

  /// Draws `text` in exactly `width` columns: cut with `~` if it is longer, padded otherwise.
  public mutating func put(
    _ text: String, row: Int, column: Int, in width: Int, rightAligned: Bool = false,
    role: Role = .normal
  ) {
    guard width > 0 else { return }
    let columns = TextWidth.columns(of: text)
    if columns > width {
      let end = put(text, row: row, column: column, width: width - 1, role: role)
      put("~", row: row, column: end, width: 1, role: role)
    } else {
      put(
        text, row: row, column: rightAligned ? column + width - columns : column, width: width,
        role: role)
    }
  }

  /// Repeats one glyph.
  mutating func fill(_ glyph: Character, row: Int, columns: Range<Int>, role: Role = .normal) {
    guard !columns.isEmpty else { return }
    put(
      String(repeating: glyph, count: columns.count), row: row, column: columns.lowerBound,
      width: columns.count, role: role)
  }

  /// Gives cells another role and leaves their text alone.
  mutating func paint(row: Int, columns: Range<Int>, role: Role) {
    guard row >= 0, row < size.rows else { return }
    for column in columns.clamped(to: 0..<size.columns) {
      cells[row * size.columns + column].role = role
    }
  }

  /// Paints every place in `rows` where `needle` stands, ignoring ASCII case.
  public mutating func highlight(_ needle: String, rows: Range<Int>) {
    let wanted = needle.unicodeScalars.map { Frame.folded($0.value) }
    guard !wanted.isEmpty, wanted.count <= size.columns else { return }
    for row in rows.clamped(to: 0..<size.rows) {
      let base = row * size.columns
      for start in 0...(size.columns - wanted.count) {
        let matches = wanted.indices.allSatisfy {
          Frame.folded(cells[base + start + $0].scalar) == wanted[$0]
        }
        if matches { paint(row: row, columns: start..<(start + wanted.count), role: .match) }
      }
    }
  }

  public subscript(row row: Int, column column: Int) -> Cell {
    cells[row * size.columns + column]
  }

  /// The cells of one row.
  public func row(_ row: Int) -> ArraySlice<Cell> {
    cells[(row * size.columns)..<((row + 1) * size.columns)]
  }

  /// The screen as lines of text without trailing blanks.
  public var text: String {
    (0..<size.rows).map { line in
      var out = String.UnicodeScalarView()
      var kept = 0
      for cell in row(line) where cell.width > 0 {
        if let scalar = Unicode.Scalar(cell.scalar) { out.append(scalar) }
        if let mark = Unicode.Scalar(cell.mark), cell.mark != 0 { out.append(mark) }
        if cell.scalar != 0x20 { kept = out.count }
      }
      return String(String.UnicodeScalarView(out.prefix(kept)))
    }.joined(separator: "\n")
  }

  /// The roles in the same form, one letter for each cell.
  public var roles: String {
    (0..<size.rows).map { String(row($0).map(\.role.letter)) }.joined(separator: "\n")
  }

  private static func folded(_ value: UInt32) -> UInt32 {
    value >= 0x41 && value <= 0x5A ? value + 0x20 : value
  }
}
