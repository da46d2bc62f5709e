import Bytes
import Prefix
import Prompt

/// What is kept of a request to tell later where another one stops being its continuation: digests
/// and lengths, no text.
struct PromptFingerprint {
  struct Part: Equatable {
    var raw: Digest
    /// Of what a chat template can see: cache markers and white space between tokens do not count.
    var rendered: Digest
    var bytes: Int

    static func == (a: Part, b: Part) -> Bool { a.raw == b.raw || a.rendered == b.rendered }
  }

  let model: String
  let tools: [Part]
  let system: [Part]
  let messages: [Part]
  /// Digests of the settings that change rendering, by the path of each.
  let settings: [String: Digest]
  let order: RenderingOrder
  /// Hash of the response that it continues by naming it; its own messages are then only the new ones.
  let continued: UInt64?
  let promptBytes: Int

  /// - Parameter known: an earlier fingerprint; blocks that are in it, too, are not looked at again.
  /// - Returns: nil if the body is not at hand any more.
  init?(_ history: History, _ order: RenderingOrder, known: PromptFingerprint?) {
    guard let body = history.body else { return nil }
    let index = history.index
    func parts(_ group: BlockGroup, _ known: [Part]?) -> [Part] {
      index.blocks(of: group).enumerated().map { place, block in
        if let known, known.indices.contains(place), known[place].raw == block.digest {
          return known[place]
        }
        let bytes = UnsafeRawBufferPointer(rebasing: body.bytes[block.range])
        return Part(
          raw: block.digest, rendered: RenderedForm.digest(bytes) ?? block.digest,
          bytes: block.range.count)
      }
    }
    model = history.model
    tools = parts(.tools, known?.tools)
    system = parts(.system, known?.system)
    messages = parts(.messages, known?.messages)
    self.order = order
    continued = index.previousResponse.map {
      hash64(UnsafeRawBufferPointer(rebasing: body.bytes[$0]))
    }
    promptBytes = history.promptBytes
    var settings: [String: Digest] = [:]
    for block in index.blocks(of: .knobs) {
      let bytes = UnsafeRawBufferPointer(rebasing: body.bytes[block.range])
      // Of the Responses API's two groups of settings each member is one of its own.
      let name = Self.groups.first { Self.identity(of: $0) == block.identity }
      guard let name, let members = JSONValue(bytes)?.members else {
        settings["\(block.identity)"] = RenderedForm.digest(bytes) ?? block.digest
        continue
      }
      for member in members {
        settings["\(name).\(member.key)"] = RenderedForm.digest(member.value)
      }
    }
    self.settings = settings
  }

  private static let groups = ["text", "reasoning"]

  private static func identity(of text: String) -> UInt64 {
    Array(text.utf8).withUnsafeBytes { hash64($0) }
  }
}

/// The first point at which a request stops continuing another one.
enum PromptDivergence: Equatable {
  case none
  case model
  case tools(keptBytes: Int)
  case system(keptBytes: Int)
  /// Of the settings that differ, the first by name.
  case setting(String)
  case messages(keptBytes: Int)
  /// One of the two sent only a part of its conversation.
  case unknown

  /// - Parameter response: hash of the id of the response to `old`.
  init(_ old: PromptFingerprint, _ new: PromptFingerprint, response: UInt64) {
    self = .none
    guard old.model == new.model else {
      self = .model
      return
    }
    var kept = 0
    for group in new.order == .toolsFirst ? [BlockGroup.tools, .system] : [.system, .tools] {
      let before = group == .tools ? old.tools : old.system
      let after = group == .tools ? new.tools : new.system
      let same = zip(before, after).prefix { $0 == $1 }.count
      kept += before[..<same].reduce(0) { $0 + $1.bytes }
      if same < max(before.count, after.count) {
        self = group == .tools ? .tools(keptBytes: kept) : .system(keptBytes: kept)
        return
      }
    }
    let names = Set(old.settings.keys).union(new.settings.keys)
    if let name = names.filter({ old.settings[$0] != new.settings[$0] }).min() {
      self = .setting(name)
      return
    }
    // What the upstream has stored is in front of the new messages by definition.
    if new.continued == response { return }
    if new.continued != nil || old.continued != nil {
      self = .unknown
      return
    }
    let same = zip(old.messages, new.messages).prefix { $0 == $1 }.count
    guard same < old.messages.count else { return }
    self = .messages(keptBytes: kept + old.messages[..<same].reduce(0) { $0 + $1.bytes })
  }
}
