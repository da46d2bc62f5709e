/// What the three request dialects have in common: everything the model sees, and how the answer
/// is wanted. Made by `ChatReader`, `MessagesReader` and `ResponsesReader`; rendered by
/// `PromptTemplate`.
struct ModelRequest: Sendable {
  enum Dialect: Sendable { case chat, messages, responses }

  enum ToolChoice: Sendable { case auto, none, required }

  var dialect: Dialect
  var model: String
  var tools: [ToolOffer] = []
  var toolChoice = ToolChoice.auto
  var turns: [Turn] = []
  var streams = false
  /// OpenAI chat: `stream_options.include_usage`.
  var includesUsage = false
  /// llama.cpp: `return_progress`.
  var returnsProgress = false
  /// Upper bound of the reply; nil means the model's own end.
  var maxTokens: Int?
  /// llama.cpp: `id_slot`; nil lets the server choose.
  var slot: Int?
  /// llama.cpp: `cache_prompt`.
  var usesCache = true
  /// llama.cpp: `sse_ping_interval`, in milliseconds.
  var pingMillis: UInt64?
  /// OpenAI Responses: whether the answer is kept for `previous_response_id`.
  var isStored = false
  /// Number of leading turns that a continuing request does not inherit (Responses: instructions).
  var ownTurns = 0

  /// The turns that a request which continues this one inherits.
  var conversation: [Turn] { Array(turns.dropFirst(ownTurns)) }

  /// Tools in the form in which a template offers them to the model.
  var offeredTools: [ToolOffer] { toolChoice == .none ? [] : tools }
}

/// One entry of the conversation as the template sees it.
struct Turn: Equatable, Sendable {
  enum Role: String, Sendable { case system, user, assistant, tool }

  var role: Role
  var text: String
  var calls: [Call] = []

  struct Call: Equatable, Sendable {
    var name: String
    var arguments: JSONTree
  }
}

/// A tool that the request offers. The wrapping around name, description and schema is not kept:
/// its key order and unknown fields do not reach the model.
struct ToolOffer: Equatable, Sendable {
  var name: String
  var description: String
  var parameters: JSONTree
}

/// A request that is answered with an error instead of a reply.
struct RequestError: Error, Equatable, Sendable {
  enum Kind: String, Sendable {
    case invalid = "invalid_request_error"
    case server = "server_error"
    case notFound = "not_found_error"
    case contextSize = "exceed_context_size_error"
  }

  var status: Int
  var kind: Kind
  var message: String
  /// Set for `.contextSize`: what the prompt has and what a slot holds.
  var promptTokens = 0
  var contextTokens = 0

  static func invalid(_ message: String) -> RequestError {
    RequestError(status: 400, kind: .invalid, message: message)
  }

  /// llama.cpp answers what its conversion cannot read with 500, not 400.
  static func server(_ message: String) -> RequestError {
    RequestError(status: 500, kind: .server, message: message)
  }

  static func tooLong(prompt: Int, context: Int) -> RequestError {
    RequestError(
      status: 400, kind: .contextSize,
      message:
        "request (\(prompt) tokens) exceeds the available context size (\(context) tokens), "
        + "try increasing it",
      promptTokens: prompt, contextTokens: context)
  }
}
