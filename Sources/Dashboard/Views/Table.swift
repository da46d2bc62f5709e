/// Text and role of one cell of a table.
struct TableCell {
  var text: String
  var role: Role = .normal

  init(_ text: String, _ role: Role = .normal) {
    self.text = text
    self.role = role
  }
}

/// One column: a fixed width, or a share of what is left.
struct Column<Item> {
  let title: String
  let width: Int
  var right = false
  /// Share of the space that the fixed columns leave; 0 for a fixed one.
  var weight = 0
  /// A growing column gets no wider than this.
  var most = Int.max
  var gap = 1
  let cell: (Item) -> TableCell
}

/// Draws rows under a header. Two columns at the left are kept for the cursor.
struct Table<Item> {
  let columns: [Column<Item>]
  private let places: [Range<Int>]

  init(columns: [Column<Item>], width: Int) {
    self.columns = columns
    let gaps = columns.dropFirst().reduce(0) { $0 + $1.gap }
    let fixed = columns.reduce(0) { $0 + $1.width }
    var spare = max(0, width - 2 - gaps - fixed)
    var widths = columns.map(\.width)
    var weights = columns.map(\.weight)
    // What a full column cannot take goes to the others.
    while spare > 0, weights.contains(where: { $0 > 0 }) {
      let total = weights.reduce(0, +)
      var given = 0
      for index in columns.indices where weights[index] > 0 {
        let wanted = max(1, spare * weights[index] / total)
        let room = columns[index].most - widths[index]
        let grant = min(wanted, room, spare - given)
        widths[index] += grant
        given += grant
        if widths[index] >= columns[index].most { weights[index] = 0 }
      }
      spare -= given
      if given == 0 { break }
    }
    var at = 2
    places = columns.indices.map { index in
      if index > 0 { at += columns[index].gap }
      let start = min(at, width)
      at += widths[index]
      return start..<min(at, width)
    }
  }

  func drawHeader(_ frame: inout Frame, row: Int) {
    for (column, place) in zip(columns, places) {
      frame.put(
        column.title, row: row, column: place.lowerBound, in: place.count,
        rightAligned: column.right, role: .key)
    }
  }

  func draw(_ item: Item, _ frame: inout Frame, row: Int, isSelected: Bool, sign: String = "") {
    let role: Role? = isSelected ? .selected : nil
    if isSelected { frame.fill(" ", row: row, columns: 0..<frame.size.columns, role: .selected) }
    if isSelected { frame.put(">", row: row, column: 0, role: .selected) }
    frame.put(sign, row: row, column: 1, width: 1, role: role ?? (sign == "*" ? .marked : .frame))
    for (column, place) in zip(columns, places) {
      let cell = column.cell(item)
      frame.put(
        cell.text, row: row, column: place.lowerBound, in: place.count,
        rightAligned: column.right, role: role ?? cell.role)
    }
  }
}
