import Prefix
import Prompt
import Turns
import Upstream

/// Names under which values stand in the file. They outlive the program's own order of cases, so a
/// name that was written once is never given to something else.
enum Names {
  static func name(_ dialect: Dialect) -> String {
    switch dialect {
    case .openAIChat: "openai-chat"
    case .openAIResponses: "openai-responses"
    case .anthropicMessages: "anthropic-messages"
    case .openAICompletions: "openai-completions"
    }
  }

  static func dialect(_ name: String) -> Dialect {
    Dialect.allCases.first { Names.name($0) == name } ?? .openAIChat
  }

  static func name(_ state: TurnState) -> String {
    switch state {
    case .waiting: "waiting"
    case .streaming: "streaming"
    case .done: "done"
    case .failed: "failed"
    case .aborted: "aborted"
    }
  }

  static func state(_ name: String) -> TurnState {
    switch name {
    case "done": .done
    case "aborted": .aborted
    case "waiting": .waiting
    case "streaming": .streaming
    default: .failed
    }
  }

  static func name(_ tier: RepairTier) -> String {
    switch tier {
    case .lossless: "lossless"
    case .moved: "moved"
    case .restored: "restored"
    case .never: "never"
    }
  }

  static func tier(_ name: String) -> RepairTier {
    switch name {
    case "lossless": .lossless
    case "moved": .moved
    case "restored": .restored
    default: .never
    }
  }

  static func name(_ pin: PinOutcome) -> (name: String, reason: String?) {
    switch pin {
    case .untouched: ("untouched", nil)
    case .held: ("held", nil)
    case .refused(let reason): ("refused", reason)
    case .rebased(let reason): ("rebased", reason)
    }
  }

  static func pin(_ name: String, _ reason: String?) -> PinOutcome {
    switch name {
    case "held": .held
    case "refused": .refused(reason ?? "")
    case "rebased": .rebased(reason ?? "")
    default: .untouched
    }
  }

  static func name(_ group: BlockGroup) -> String {
    switch group {
    case .knobs: "knobs"
    case .tools: "tools"
    case .system: "system"
    case .messages: "messages"
    }
  }

  static func group(_ name: String) -> BlockGroup? {
    BlockGroup.allCases.first { Names.name($0) == name }
  }

  static func name(_ kind: BlockKind) -> String { kind.word }

  static func kind(_ name: String) -> BlockKind {
    BlockKind.allCases.first { $0.word == name } ?? .other
  }

  static func name(_ cause: Cause) -> String { "\(cause)" }

  /// Nil for a cause that this version does not know.
  static func cause(_ name: String) -> Cause? { causes[name] }

  private static let causes = Dictionary(
    uniqueKeysWithValues: Cause.allCases.map { (name($0), $0) })

  static func server(_ name: String) -> ServerKind {
    ServerKind.allCases.first { $0.name == name } ?? .unknown
  }
}
