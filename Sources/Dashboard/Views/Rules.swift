/// Horizontal rules with a title at the left and a remark at the right.
enum Rules {
  static func draw(
    _ frame: inout Frame, row: Int, title: String = "", remark: String = "", glyphs: Glyphs,
    remarkRole: Role = .normal
  ) {
    guard row >= 0, row < frame.size.rows else { return }
    let width = frame.size.columns
    frame.fill(glyphs.horizontal, row: row, columns: 0..<width, role: .frame)
    if !title.isEmpty {
      frame.put(" \(title) ", row: row, column: 2, width: width - 4, role: .key)
    }
    let room = width - 8 - TextWidth.columns(of: title)
    let columns = TextWidth.columns(of: remark)
    if !remark.isEmpty, columns <= room {
      frame.put(" \(remark) ", row: row, column: width - columns - 4, role: remarkRole)
    }
  }
}
