import Prompt
import Testing
import Turns

@Suite struct PromptSectionsTests {
  private func entry(
    _ group: BlockGroup, _ kind: BlockKind, _ length: UInt32, _ state: BlockState = .kept
  ) -> PromptMap.Entry {
    PromptMap.Entry(
      kind: kind, agent: state, forwarded: state, length: length, group: group, index: 0)
  }

  @Test func `a prompt is measured section by section`() {
    let map = PromptMap(
      entries: [
        entry(.tools, .tool, 100), entry(.system, .system, 20), entry(.messages, .user, 3),
        entry(.messages, .assistant, 4, .new), entry(.messages, .user, 500, .dropped),
        // An instruction in the middle is no system prompt.
        entry(.messages, .system, 6, .new),
      ], knobBytes: 70)
    #expect(
      PromptSections(map)
        == PromptSections(knobs: 70, tools: 100, system: 20, messages: 13, new: 10))
  }

  @Test func `system messages that lead the conversation are the system prompt`() {
    let map = PromptMap(entries: [
      entry(.messages, .system, 30), entry(.messages, .system, 5), entry(.messages, .user, 7, .new),
    ])
    #expect(PromptSections(map) == PromptSections(system: 35, messages: 7, new: 7))
  }
}
