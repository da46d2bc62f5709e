/// How far one answer is at a given moment: first the part of the prompt that is not cached, batch
/// by batch, then the reply, token by token. Pure; the time comes in with each call.
struct ReplyProgress {
  /// Tokens that are computed in one go; a prompt that is given up keeps its whole batches.
  static let batchTokens = 2048

  /// What happened since the last call.
  struct Advance: Equatable, Sendable {
    /// The prompt position in tokens after each batch that was finished.
    var batches: [Int] = []
    /// The prompt was finished in this call.
    var finishedPrompt = false
    /// Steps of the reply that became due.
    var steps = 0..<0
    var isFinished = false
  }

  let promptTokens: Int
  let cachedTokens: Int
  let replyTokens: Int
  private let startMillis: UInt64
  private let millisPerPromptToken: Double
  private let millisPerReplyToken: Double
  private(set) var processedTokens = 0
  private(set) var sentTokens = 0
  private var hasFinishedPrompt = false

  init(
    promptTokens: Int, cachedTokens: Int, replyTokens: Int, startMillis: UInt64,
    prefillTokensPerSecond: Double, generationTokensPerSecond: Double
  ) {
    self.promptTokens = promptTokens
    self.cachedTokens = cachedTokens
    self.replyTokens = replyTokens
    self.startMillis = startMillis
    millisPerPromptToken = Self.millis(perTokenAt: prefillTokensPerSecond)
    millisPerReplyToken = Self.millis(perTokenAt: generationTokensPerSecond)
  }

  /// A speed that is no positive number takes no time at all.
  private static func millis(perTokenAt speed: Double) -> Double {
    speed > 0 && speed.isFinite ? 1000 / speed : 0
  }

  private var uncachedTokens: Int { promptTokens - cachedTokens }
  var promptMillis: Double { Double(uncachedTokens) * millisPerPromptToken }
  var replyMillis: Double { Double(replyTokens) * millisPerReplyToken }

  mutating func advance(to now: UInt64) -> Advance {
    var advance = Advance()
    let elapsed = now > startMillis ? Double(now - startMillis) : 0
    if !hasFinishedPrompt {
      let computed =
        elapsed >= promptMillis
        ? uncachedTokens : min(uncachedTokens, Int(elapsed / millisPerPromptToken))
      while processedTokens < uncachedTokens {
        let batch = min(Self.batchTokens, uncachedTokens - processedTokens)
        guard processedTokens + batch <= computed else { break }
        processedTokens += batch
        advance.batches.append(cachedTokens + processedTokens)
      }
      guard processedTokens == uncachedTokens else { return advance }
      hasFinishedPrompt = true
      advance.finishedPrompt = true
    }
    let generating = max(0, elapsed - promptMillis)
    let due =
      generating >= replyMillis
      ? replyTokens : min(replyTokens, Int(generating / millisPerReplyToken))
    advance.steps = sentTokens..<max(sentTokens, due)
    sentTokens = advance.steps.upperBound
    advance.isFinished = sentTokens == replyTokens
    return advance
  }

  /// How long nothing will become due, at least 1.
  func delay(from now: UInt64) -> UInt64 {
    let elapsed = now > startMillis ? Double(now - startMillis) : 0
    let next: Double
    if hasFinishedPrompt {
      next = promptMillis + Double(sentTokens + 1) * millisPerReplyToken
    } else {
      let batch = min(Self.batchTokens, uncachedTokens - processedTokens)
      next = Double(processedTokens + batch) * millisPerPromptToken
    }
    // Several tokens per wake-up are enough for the eye and cheaper for the loop.
    return UInt64(
      max(1, min(60_000, (max(next - elapsed, hasFinishedPrompt ? 16 : 1)).rounded(.up))))
  }
}
