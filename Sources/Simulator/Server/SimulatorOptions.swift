public import EventLoop

/// How the simulated server behaves. All speeds are in tokens per second.
public struct SimulatorOptions: Sendable {
  /// What the server reports, and which endpoints it has.
  enum Kind: Sendable {
    /// As llama.cpp: `timings`, /props, /slots, /metrics, /tokenize, /apply-template.
    case llamaCpp
    /// As an OpenAI-compatible server that knows only `usage`, and in streams of chat completions
    /// only when asked for it.
    case generic
  }

  /// Where to listen; nil is 127.0.0.1 with a port that the system chooses.
  public var listen: SocketAddress?
  var kind = Kind.llamaCpp
  /// Name given in answers to requests that name no model, and by /v1/models.
  var model = "holdfast-sim"
  public var slots = 4
  /// Most tokens of prompt and reply together.
  var contextTokens = 131_072
  /// Tokens that displaced prompts may hold together (llama.cpp: `--cache-ram`); 0 turns it off.
  public var storeTokens = 1_000_000
  public var prefillTokensPerSecond = 12_000.0
  public var generationTokensPerSecond = 250.0
  /// Whether cached counts are reported. Without them the server still caches.
  var reportsCache = true
  /// Whether `previous_response_id` works, as at OpenAI; llama.cpp answers it with 400.
  var keepsResponses = true
  /// Whether `cch=` in a billing line is masked before rendering, as newer llama.cpp does.
  var masksBillingLine = false
  /// Whether the model spells tool-call arguments as the template does. A model that does not
  /// loses its own calls from the cache, which no agent and no proxy can see in the request.
  var spellsCallsLikeTemplate = true
  /// Part of the answers, in percent, that call a tool when they may.
  public var toolCallPercent = 70
  /// Distance of the comment lines that keep a silent stream alive.
  var pingMillis: UInt64 = 30_000
  /// How long an idle connection is kept.
  var idleMillis: UInt64 = 5_000
  /// The answer to this many requests is the last one of a connection.
  var requestsPerConnection = 100
  var maxBodyBytes = 64 << 20
  /// How many request bodies `SimulatorRecord` keeps.
  var recordedBodies = 64

  public init() {}
}
