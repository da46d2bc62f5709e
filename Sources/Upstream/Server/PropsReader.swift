import Bytes

/// Reads llama.cpp's `GET /props` (tools/server/README.md).
public enum PropsReader {
  /// nil if it is not the answer of a llama.cpp server.
  public static func facts(_ json: UnsafeRawBufferPointer) -> ServerFacts? {
    guard let value = JSONValue(json), let settings = value["default_generation_settings"],
      settings.members != nil
    else { return nil }
    var facts = ServerFacts()
    facts.kind = .llamaCpp
    // Of one slot: that is what a conversation gets.
    if let window = settings["n_ctx"]?.integer, (1...(1 << 30)).contains(window) {
      facts.windows = [.init(model: "", tokens: window)]
    }
    if let slots = value["total_slots"]?.integer, (1...4096).contains(slots) {
      facts.slotCount = slots
    }
    facts.build = value["build_info"]?.string.map { String($0.prefix(64)) }
    // Made anew at each start, so that no prompt can contain it by chance.
    if let marker = value["media_marker"]?.string { facts.startMark = mark([marker]) }
    // Templates that render it name the member; what one leaves out of older turns it leaves out of
    // reasoning that is put back, too.
    if let template = value["chat_template"]?.string {
      facts.rendersReasoning = template.containsText("reasoning_content")
    }
    facts.setupMark = mark([
      value["model_path"]?.string ?? "", value["chat_template"]?.string ?? "",
      facts.build ?? "", "\(facts.windows.first?.tokens ?? 0)", "\(facts.slotCount ?? 0)",
    ])
    return facts
  }

  private static func mark(_ texts: [String]) -> UInt64 {
    let digest = Digest(of: texts.joined(separator: "\u{0}")).low
    return digest == 0 ? 1 : digest
  }
}
