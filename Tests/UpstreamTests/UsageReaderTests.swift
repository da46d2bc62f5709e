import Bytes
import Testing
import Upstream

private func read(_ objects: String...) -> Usage {
  var reader = UsageReader()
  for object in objects {
    let buffer = ByteBuffer(copying: Array(object.utf8))
    reader.read(buffer.bytes)
  }
  return reader.usage
}

@Suite struct UsageReaderTests {
  @Test func `OpenAI's prompt tokens include the cached ones`() {
    let usage = read(
      #"{"id":"c","usage":{"prompt_tokens":120,"completion_tokens":7,"prompt_tokens_details":{"cached_tokens":100}}}"#
    )
    #expect(usage.promptTokens == 120)
    #expect(usage.cachedTokens == 100)
    #expect(usage.outputTokens == 7)
    #expect(usage.processedTokens == 20)
  }

  @Test func `Anthropic's input tokens exclude what was read and written`() {
    let usage = read(
      #"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":10,"cache_read_input_tokens":100,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},"output_tokens":1}}}"#,
      #"{"type":"message_delta","delta":{},"usage":{"output_tokens":55}}"#)
    #expect(usage.promptTokens == 140)
    #expect(usage.cachedTokens == 100)
    #expect(usage.writtenTokens == 20)
    #expect(usage.writtenHourTokens == 10)
    #expect(usage.outputTokens == 55)
  }

  @Test func `the last value of a field wins and nothing is summed`() {
    let usage = read(
      #"{"id":"1","usage":{"prompt_tokens":5,"completion_tokens":1}}"#,
      #"{"id":"1","usage":{"prompt_tokens":9,"completion_tokens":3}}"#)
    #expect(usage.promptTokens == 9)
    #expect(usage.outputTokens == 3)
  }

  @Test func `llama_cpp's timings on the finish chunk are enough`() {
    let usage = read(
      #"{"id":"x","choices":[{"finish_reason":"stop","delta":{}}],"timings":{"cache_n":90,"prompt_n":10,"prompt_ms":12.5,"predicted_n":4}}"#
    )
    #expect(usage.promptTokens == 100)
    #expect(usage.cachedTokens == 90)
    #expect(usage.promptMillis == 12.5)
  }

  @Test func `Responses figures come inside the completed response`() {
    let usage = read(
      #"{"type":"response.completed","response":{"id":"resp_1","usage":{"input_tokens":50,"input_tokens_details":{"cached_tokens":40},"output_tokens":2,"total_tokens":52}}}"#
    )
    #expect(usage.promptTokens == 50)
    #expect(usage.cachedTokens == 40)
  }

  @Test func `what is not reported stays unknown`() {
    let usage = read(#"{"id":"x","usage":{"prompt_tokens":5}}"#)
    #expect(usage.cachedTokens == nil)
    #expect(read("{}", "[1,2", "x").promptTokens == nil)
  }

  @Test func `DeepSeek's hit and miss counts are read`() {
    let usage = read(
      #"{"id":"d","usage":{"prompt_tokens":30,"prompt_cache_hit_tokens":20,"prompt_cache_miss_tokens":10}}"#
    )
    #expect(usage.cachedTokens == 20)
    #expect(usage.promptTokens == 30)
  }

  @Test func `absurd counts do not overflow`() {
    let usage = read(
      #"{"id":"d","usage":{"input_tokens":9223372036854775807,"cache_read_input_tokens":9223372036854775807,"cache_creation_input_tokens":-5}}"#
    )
    #expect((usage.promptTokens ?? 0) > 0)
  }
}
