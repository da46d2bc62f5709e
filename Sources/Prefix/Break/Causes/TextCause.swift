import Bytes
import Prompt

/// Names a change of a system block or a message.
enum TextCause {
  /// - Complexity: reads both blocks several times; a place that was asked for before on the same
  ///   turn is not read again.
  static func verdict(_ place: BreakPlace) -> Verdict {
    let readings = place.new.readings
    if let known = readings.verdict(at: place.boundary) { return known }
    let verdict = find(place)
    readings.note(verdict, at: place.boundary)
    return verdict
  }

  private static func find(_ place: BreakPlace) -> Verdict {
    if let verdict = removedOrInserted(place) { return verdict }
    guard let old = place.before, let new = place.after else {
      return place.verdict(extent(place), .moved)
    }
    let leaf = LeafDifference(old, new)
    let texts = (old: Text.all(old), new: Text.all(new))
    // Redaction first: nothing that follows may classify a blanked secret as harmless.
    if RedactionDetector.isRedaction(texts.old, texts.new) { return place.redaction() }
    if leaf?.isInWords != true, let verdict = rerender(place, old, new) { return verdict }
    if let verdict = reasoning(place, old, new) { return verdict }
    if hasImages(old) != hasImages(new) || imageChanged(old, new) { return place.verdict(.image) }
    if let verdict = billing(place, old, new) { return verdict }
    if let verdict = narrow(place, old, new, texts, leaf) { return verdict }
    return place.verdict(extent(place), .moved)
  }

  // MARK: Whole messages

  private static func removedOrInserted(_ place: BreakPlace) -> Verdict? {
    if place.newBlockIsInserted, let after = place.after {
      let text = Text.all(after)
      if ReminderDetector.isOnlyReminder(text) {
        return place.verdict(.reminder, .restored, was: "", now: text)
      }
      return place.verdict(
        .inPlaceEdit, .moved, was: "", now: text,
        detail: "a message was inserted in front of history")
    }
    guard place.newBlockIsLater || (place.newBlock == nil && place.oldBlock != nil),
      let before = place.before, let oldBlock = place.oldBlock
    else { return nil }
    let text = Text.all(before)
    if ReminderDetector.isOnlyReminder(text) {
      return place.verdict(.reminder, .restored, was: text, now: "")
    }
    let dropped = place.alignment.dropped
    if oldBlock.kind == .reasoning,
      dropped.allSatisfy({ place.old.index.blocks[$0].kind == .reasoning })
    {
      return place.verdict(.reasoningDropped, .restored, was: text, now: "")
    }
    let count = dropped.count
    return place.verdict(
      .inPlaceEdit, .restored, was: text, now: "",
      detail: count == 1 ? "a message was removed" : "\(count) messages were removed")
  }

  // MARK: The same in other bytes

  private static func rerender(
    _ place: BreakPlace, _ old: JSONValue, _ new: JSONValue
  ) -> Verdict? {
    if CanonicalForm.sorted.digest(old) == CanonicalForm.sorted.digest(new) {
      return place.verdict(
        hasToolCalls(new) ? .argumentsRewritten : .contentShape, .lossless)
    }
    if CanonicalForm.meaning.digest(old) == CanonicalForm.meaning.digest(new) {
      return place.verdict(.whitespaceTrimmed, .lossless)
    }
    if CanonicalForm.withoutIDs.digest(old) == CanonicalForm.withoutIDs.digest(new) {
      return place.verdict(.idsRegenerated, .lossless)
    }
    return nil
  }

  private static func hasToolCalls(_ message: JSONValue) -> Bool {
    message["tool_calls"] != nil || message["arguments"] != nil
      || (message["content"]?.array ?? []).contains { $0["type"]?.string == "tool_use" }
  }

  // MARK: Reasoning

  private static func reasoning(
    _ place: BreakPlace, _ old: JSONValue, _ new: JSONValue
  ) -> Verdict? {
    guard CanonicalForm.withoutReasoning.digest(old) == CanonicalForm.withoutReasoning.digest(new)
    else { return nil }
    if isSigned(new) { return place.verdict(.signedThinking) }
    var verdict = place.verdict(.reasoningDropped, isSigned(old) ? .never : .restored)
    let members = ["reasoning_content", "reasoning", "thinking_blocks"]
    if let gone = members.first(where: { old[$0] != nil && new[$0] == nil }) {
      verdict.position?.path = place.path(of: gone)
      verdict.position?.field = gone
    }
    return verdict
  }

  private static func isSigned(_ message: JSONValue) -> Bool {
    (message["content"]?.array ?? []).contains { $0["signature"] != nil }
      && message["content"]?.array?.contains { $0["type"]?.string == "thinking" } == true
  }

  // MARK: Images

  private static func parts(_ message: JSONValue) -> [JSONValue] {
    (message["content"]?.array ?? []).flatMap { part in
      part["type"]?.string == "tool_result" ? part["content"]?.array ?? [] : [part]
    }
  }

  private static func images(_ message: JSONValue) -> [JSONValue] {
    parts(message).filter { part in
      ["image", "image_url", "input_image"].contains(part["type"]?.string ?? "")
    }
  }

  private static func hasImages(_ message: JSONValue) -> Bool { !images(message).isEmpty }

  private static func imageChanged(_ old: JSONValue, _ new: JSONValue) -> Bool {
    images(old).map(CanonicalForm.meaning.digest) != images(new).map(CanonicalForm.meaning.digest)
  }

  // MARK: The billing line

  /// Blocks that both begin with the line: what stands behind it is judged as if it stood alone.
  private static func billing(
    _ place: BreakPlace, _ old: JSONValue, _ new: JSONValue
  ) -> Verdict? {
    guard let oldRest = BillingLine.cut(old), let newRest = BillingLine.cut(new) else { return nil }
    if BillingLine.isAllThatDiffers(old, new) { return place.verdict(.billingNonce, .lossless) }
    let texts = (old: Text.all(oldRest), new: Text.all(newRest))
    let leaf = LeafDifference(oldRest, newRest)
    var verdict =
      narrow(place, oldRest, newRest, texts, leaf) ?? place.verdict(extent(place), .moved)
    let shown = Excerpt.pair(leaf?.before ?? texts.old, leaf?.after ?? texts.new)
    verdict.was = shown.was
    verdict.now = shown.now
    // Anthropic's own API must get the line as it is now, and to hold the block would hold the line.
    if place.new.index.dialect == .anthropicMessages, BillingLine.isOther(old, new) {
      verdict.tier = .never
    }
    return verdict
  }

  // MARK: Narrow shapes

  private static func narrow(
    _ place: BreakPlace, _ old: JSONValue, _ new: JSONValue, _ texts: (old: String, new: String),
    _ leaf: LeafDifference?
  ) -> Verdict? {
    let was = leaf?.before ?? texts.old
    let now = leaf?.after ?? texts.new
    if ReminderDetector.isReminder(texts.old, texts.new) {
      return place.verdict(.reminder, .restored)
    }
    let kind = place.newBlock?.kind ?? .other
    if kind == .toolResult || kind == .other {
      if ClearedResultDetector.isCleared(was, now) {
        return place.verdict(.toolResultCleared, .restored)
      }
    } else if kind == .assistant {
      if isRenamedTool(old, new) { return place.verdict(.toolRenamed, .moved) }
    } else {
      // Agents without tool calls of the API's own send results as messages of the user.
      if kind == .user, ClearedResultDetector.isMarked(was, now) {
        return place.verdict(.toolResultCleared, .restored)
      }
      if VolatileText.isClock(was, now) { return place.verdict(.clock, .moved) }
      if VolatileText.isEnvironment(was, now) { return place.verdict(.environment, .moved) }
      if VolatileText.isMemory(was, now) { return place.verdict(.memory, .moved) }
    }
    return nil
  }

  /// Only the names of called tools differ.
  private static func isRenamedTool(_ old: JSONValue, _ new: JSONValue) -> Bool {
    func strip(_ value: JSONValue) -> JSONValue {
      switch value {
      case .object(let members):
        return .object(
          members.filter { $0.key != "name" }.map {
            CallArguments.are($0) ? $0 : .init($0.key, strip($0.value))
          })
      case .array(let elements): return .array(elements.map(strip))
      default: return value
      }
    }
    return hasToolCalls(old) && hasToolCalls(new)
      && CanonicalForm.meaning.digest(strip(old)) == CanonicalForm.meaning.digest(strip(new))
  }

  // MARK: Extent

  /// Whether what follows the change is still there.
  private static func extent(_ place: BreakPlace) -> Cause {
    guard place.group == .messages, let oldBlock = place.boundary.oldBlock else {
      return .inPlaceEdit
    }
    let behind = place.alignment.matches.dropFirst(place.boundary.block + 1).contains {
      $0.isUnchanged && ($0.old ?? 0) > oldBlock
    }
    return behind ? .inPlaceEdit : .tailRewrite
  }
}
