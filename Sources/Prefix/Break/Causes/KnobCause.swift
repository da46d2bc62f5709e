import Bytes
import Prompt

/// A setting that changes how the prompt is rendered is not what it was.
enum KnobCause {
  static func verdict(_ place: BreakPlace) -> Verdict {
    let olds = place.old.index.indices(of: .knobs)
    let news = place.new.index.indices(of: .knobs)
    let known = Set(place.new.index.blocks[news].map(\.identity))
    if place.newBlock == nil || place.alignment.matches[place.boundary.block].isUnchanged,
      let missing = olds.first(where: { !known.contains(place.old.index.blocks[$0].identity) }),
      let body = place.old.body?.bytes
    {
      let name = BlockPath.memberName(body, ofValueAt: Int(place.old.index.blocks[missing].offset))
      var verdict = place.verdict(
        .knob, was: place.old.bytes(of: missing).map { String(decoding: $0, as: UTF8.self) } ?? "",
        now: "", detail: "\(name) is not sent any more")
      verdict.position?.field = name
      verdict.position?.path = name
      return verdict
    }
    let was =
      place.alignment.matches.indices.contains(place.boundary.block)
      ? place.alignment.matches[place.boundary.block].old : nil
    return place.verdict(
      .knob,
      was: was.flatMap { place.old.bytes(of: $0) }.map { String(decoding: $0, as: UTF8.self) }
        ?? "",
      now: place.newBlock == nil
        ? ""
        : place.new.bytes(of: place.boundary.block)
          .map { String(decoding: $0, as: UTF8.self) } ?? "")
  }
}
