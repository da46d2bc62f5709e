/// The drawing set: Unicode where the terminal can show it, ASCII otherwise.
public struct Glyphs: Sendable, Equatable {
  public let kept: Character
  public let changed: Character = "!"
  public let lost: Character
  public let new: Character
  public let dropped: Character = "x"
  public let rest: Character
  public let horizontal: Character
  public let vertical: Character
  /// In front of a session that branched off from the one above.
  let branch: Character
  /// Eight steps from low to high.
  public let trend: [Character]

  public static let unicode = Glyphs(
    kept: "█", lost: "░", new: "▒", rest: "·", horizontal: "─", vertical: "│",
    branch: "└",
    trend: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"])
  public static let ascii = Glyphs(
    kept: "=", lost: "-", new: "+", rest: ".", horizontal: "-", vertical: "|",
    branch: "`",
    trend: [".", ":", "-", "=", "+", "*", "%", "#"])
}
