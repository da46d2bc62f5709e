/// The help of a screen, made from the key table.
enum HelpView {
  enum Line: Equatable {
    case rule(String)
    case entry(key: String, text: String, keyWidth: Int)
    /// Two short entries side by side.
    case pair(key: String, text: String, secondKey: String, secondText: String)
  }

  /// All lines for a screen.
  static func lines(_ state: DashboardState) -> [Line] {
    var lines: [Line] = []
    let bindings = KeyTable.bindings(on: state.screen)
    for section in KeySection.allCases {
      let inSection = bindings.filter { $0.section == section }
      guard !inSection.isEmpty else { continue }
      lines.append(.rule(section.rawValue))
      lines += paired(inSection.map { ($0.keyNames, $0.help) }, columns: state.size.columns)
    }
    lines.append(.rule("words"))
    let columns = state.size.columns
    let wide = columns >= 60 ? wordWidth : pairKeyWidth
    lines += words.flatMap { entry($0, $1, keyWidth: wide, columns: columns) }
    lines.append(.rule("signs"))
    let glyphs = state.glyphs
    let signs: [(String, String)] = [
      (String(glyphs.kept), "kept: the server has it"),
      (String(glyphs.changed), "changed since the turn before"),
      (String(glyphs.lost), "unchanged, but behind a change: computed again"),
      (String(glyphs.new), "new"),
      (String(glyphs.dropped), "was there in the turn before, is not any more"),
      ("~", "in front of a number: estimated. At an end: cut"),
      ("?", "not reported by the server, which is not zero"),
    ]
    lines += signs.flatMap { entry($0, $1, keyWidth: pairKeyWidth, columns: columns) }
    return lines
  }

  /// A key and its text, wrapped; a key that is too long gets a line of its own.
  private static func entry(_ key: String, _ text: String, keyWidth: Int, columns: Int) -> [Line] {
    var texts = BreakView.wrapped(text, columns: columns - 3 - keyWidth)
    if key.count >= keyWidth { texts.insert("", at: 0) }
    return texts.enumerated().map {
      .entry(key: $0.offset == 0 ? key : "", text: $0.element, keyWidth: keyWidth)
    }
  }

  private static let pairKeyWidth = 12
  private static let wordWidth = 23

  /// Puts neighbours on one line where both fit.
  private static func paired(_ entries: [(String, String)], columns: Int) -> [Line] {
    let room = (columns - 4) / 2 - pairKeyWidth - 2
    func isShort(_ entry: (String, String)) -> Bool {
      columns >= 76 && entry.0.count < pairKeyWidth && entry.1.count <= room
    }
    var lines: [Line] = []
    var index = 0
    while index < entries.count {
      let (key, text) = entries[index]
      if isShort(entries[index]), index + 1 < entries.count, isShort(entries[index + 1]) {
        let (secondKey, secondText) = entries[index + 1]
        lines.append(.pair(key: key, text: text, secondKey: secondKey, secondText: secondText))
        index += 2
      } else if columns >= 76 {
        lines.append(.pair(key: key, text: text, secondKey: "", secondText: ""))
        index += 1
      } else {
        lines += entry(key, text, keyWidth: pairKeyWidth, columns: columns)
        index += 1
      }
    }
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

  static func draw(_ state: DashboardState, _ frame: inout Frame, top: Int) {
    let area = state.layout.body
    let lines = lines(state)
    let start = min(max(0, top), max(0, lines.count - area.rows))
    for (offset, line) in lines[start..<min(lines.count, start + area.rows)].enumerated() {
      let row = area.row + offset
      switch line {
      case .rule(let title):
        let remark =
          offset == 0 ? "\(start + 1)-\(min(lines.count, start + area.rows)) of \(lines.count)" : ""
        Rules.draw(&frame, row: row, title: title, remark: remark, glyphs: state.glyphs)
      case .pair(let key, let text, let secondKey, let secondText):
        let width = state.size.columns
        frame.put(key, row: row, column: 2, in: pairKeyWidth, role: .key)
        frame.put(
          text, row: row, column: 2 + pairKeyWidth, in: width - 3 - pairKeyWidth)
        guard !secondKey.isEmpty else { continue }
        let half = width / 2
        frame.put(secondKey, row: row, column: half, in: pairKeyWidth, role: .key)
        frame.put(
          secondText, row: row, column: half + pairKeyWidth, in: width - half - pairKeyWidth - 1)
      case .entry(let key, let text, let keyWidth):
        let room = state.size.columns - 3
        frame.put(key, row: row, column: 2, in: text.isEmpty ? room : keyWidth - 1, role: .key)
        frame.put(text, row: row, column: 2 + keyWidth, in: room - keyWidth)
      }
    }
  }
}
