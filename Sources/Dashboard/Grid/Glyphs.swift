/// The drawing set: Unicode where the terminal can show it, ASCII otherwise.
struct Glyphs: Sendable, Equatable {
  let kept: Character
  let changed: Character = "!"
  let lost: Character
  let new: Character
  let dropped: Character = "x"
  let rest: Character
  let horizontal: Character
  let vertical: Character
  /// In front of a session that branched off from the one above.
  let branch: Character
  /// Eight steps from low to high.
  let trend: [Character]

  static let unicode = Glyphs(
    kept: "█", lost: "░", new: "▒", rest: "·", horizontal: "─", vertical: "│",
    branch: "└",
    trend: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"])
  static let ascii = Glyphs(
    kept: "=", lost: "-", new: "+", rest: ".", horizontal: "-", vertical: "|",
    branch: "`",
    trend: [".", ":", "-", "=", "+", "*", "%", "#"])
}
