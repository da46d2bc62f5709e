/// Columns and rows of a terminal.
public struct Size: Sendable, Equatable {
  public var columns: Int
  public var rows: Int

  public init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
  }

  /// The smallest size with a dashboard; below it there is only a message.
  static let minimum = Size(columns: 40, rows: 8)

  var isTooSmall: Bool { columns < Size.minimum.columns || rows < Size.minimum.rows }
}

/// A rectangle of cells. Empty if it has no rows.
public struct Rect: Sendable, Equatable {
  public var row: Int
  public var column: Int
  var rows: Int
  var columns: Int

  init(row: Int, column: Int, rows: Int, columns: Int) {
    self.row = row
    self.column = column
    self.rows = max(0, rows)
    self.columns = max(0, columns)
  }

  public var isEmpty: Bool { rows == 0 || columns == 0 }
  public var endRow: Int { row + rows }
  public var endColumn: Int { column + columns }
}
