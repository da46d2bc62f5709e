import CNcurses
import Dashboard

/// Puts frames on the terminal: only cells that differ from the last frame, one update for each.
struct CursesScreen {
  private var last: Frame?
  private let attributes: RoleAttributes
  private var text: [wchar_t] = []

  init(attributes: RoleAttributes) { self.attributes = attributes }

  /// - Returns: whether anything was sent.
  mutating func draw(_ frame: Frame) -> Bool {
    if let last, last == frame { return false }
    let old = last?.size == frame.size ? last : nil
    let window = cncurses_screen()
    if old == nil { werase(window) }
    for row in 0..<frame.size.rows {
      let cells = frame.row(row)
      let before = old?.row(row)
      if let before, before == cells { continue }
      drawRow(cells, before, at: row, window)
    }
    wnoutrefresh(window)
    doupdate()
    last = frame
    return true
  }

  /// The terminal has another size: everything is drawn anew.
  mutating func resize(_ size: Size) {
    resizeterm(Int32(size.rows), Int32(size.columns))
    invalidate()
  }

  /// Makes the next frame clear the terminal first.
  mutating func invalidate() {
    clearok(cncurses_screen(), true)
    last = nil
  }

  private mutating func drawRow(
    _ cells: ArraySlice<Cell>, _ before: ArraySlice<Cell>?, at row: Int,
    _ window: UnsafeMutablePointer<WINDOW>?
  ) {
    let base = cells.startIndex
    let count = cells.count
    func changed(_ column: Int) -> Bool {
      guard let before else { return true }
      return before[before.startIndex + column] != cells[base + column]
    }
    var column = 0
    while column < count {
      guard changed(column) else {
        column += 1
        continue
      }
      // Both halves of a wide cell are drawn together.
      if cells[base + column].width == 0, column > 0 { column -= 1 }
      let start = column
      let role = cells[base + column].role
      text.removeAll(keepingCapacity: true)
      repeat {
        append(cells[base + column])
        column += max(1, Int(cells[base + column].width))
      } while column < count && cells[base + column].role == role
        && (changed(column) || (column + 1 < count && changed(column + 1)))
      let style = attributes[role]
      wattr_set(window, style.attributes, style.pair, nil)
      wmove(window, Int32(row), Int32(start))
      waddnwstr(window, text, Int32(text.count))
    }
  }

  private mutating func append(_ cell: Cell) {
    guard cell.width > 0 else {
      text.append(wchar_t(0x20))
      return
    }
    // The C library decides how far the terminal library moves on: where it disagrees about the
    // width, or the locale lacks the glyph, a sign that everybody agrees on is better.
    if cell.scalar >= 0x7F, cncurses_width(wchar_t(cell.scalar)) != Int32(cell.width) {
      for _ in 0..<cell.width { text.append(wchar_t(0x3F)) }
      return
    }
    text.append(wchar_t(cell.scalar))
    if cell.mark != 0, cncurses_width(wchar_t(cell.mark)) == 0 { text.append(wchar_t(cell.mark)) }
  }
}
