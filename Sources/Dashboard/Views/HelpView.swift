/// The help of a screen, made from the key table.
enum HelpView {
  enum Line: Equatable {
    case rule(String)
    case entry(key: String, text: String)
  }

  /// All lines for a screen.
  static func lines(_ state: DashboardState) -> [Line] {
    var lines: [Line] = []
    let bindings = KeyTable.bindings(on: state.screen)
    for section in KeySection.allCases {
      let inSection = bindings.filter { $0.section == section }
      guard !inSection.isEmpty else { continue }
      lines.append(.rule(section.rawValue))
      lines += inSection.map { .entry(key: $0.keyNames, text: $0.help) }
    }
    lines.append(.rule("words"))
    lines += words.map { .entry(key: $0, text: $1) }
    lines.append(.rule("signs"))
    let glyphs = state.glyphs
    lines += [
      .entry(key: String(glyphs.kept), text: "kept: the server has it"),
      .entry(key: String(glyphs.changed), text: "changed since the turn before"),
      .entry(key: String(glyphs.lost), text: "unchanged, but behind a change: computed again"),
      .entry(key: String(glyphs.new), text: "new"),
      .entry(key: String(glyphs.dropped), text: "was there in the turn before, is not any more"),
      .entry(key: "~", text: "in front of a number: estimated. At an end: cut"),
      .entry(key: "?", text: "not reported by the server, which is not zero"),
    ]
    return lines
  }

  private static let words: [(String, String)] = [
    ("preserved, kept", "share of the last prompt that the agent sent again unchanged"),
    ("forwarded, sent", "the same share of what went to the server"),
    ("reported, hit", "share of this prompt that the server says it reused"),
    ("reprocessed, again", "tokens the server had and computed a second time"),
    ("mutation at, broke at", "the first place where the prompt stops matching"),
    ("BREAK", "the agent's history changed and the server lost what is behind it"),
    ("HELD", "it changed, and pinning kept that from the server"),
    ("REBASE", "the change was accepted as the new history"),
    ("SERVER", "nothing changed, yet the server reused less"),
  ]

  static func pageRows(_ state: DashboardState) -> Int { max(1, state.layout.body.rows) }

  static func draw(_ state: DashboardState, _ frame: inout Frame, top: Int) {
    let area = state.layout.body
    let lines = lines(state)
    let start = min(max(0, top), max(0, lines.count - area.rows))
    let keyWidth = state.size.columns >= 60 ? 22 : 12
    for (offset, line) in lines[start..<min(lines.count, start + area.rows)].enumerated() {
      let row = area.row + offset
      switch line {
      case .rule(let title):
        let remark =
          offset == 0 ? "\(start + 1)-\(min(lines.count, start + area.rows)) of \(lines.count)" : ""
        Rules.draw(&frame, row: row, title: title, remark: remark, glyphs: state.glyphs)
      case .entry(let key, let text):
        frame.put(key, row: row, column: 2, in: keyWidth - 1, role: .key)
        frame.put(text, row: row, column: 2 + keyWidth, in: state.size.columns - 3 - keyWidth)
      }
    }
  }
}
