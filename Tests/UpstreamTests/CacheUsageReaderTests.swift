import Bytes
import Testing
import Upstream

@Suite struct CacheUsageReaderTests {
  private func share(_ text: String) -> Double? {
    let buffer = ByteBuffer(copying: Array(text.utf8))
    return withExtendedLifetime(buffer) { CacheUsageReader.share(buffer.bytes) }
  }

  @Test func `the fullest engine of vLLM counts`() {
    let text = """
      # HELP vllm:kv_cache_usage_perc KV-cache usage. 1 means 100 percent usage.
      # TYPE vllm:kv_cache_usage_perc gauge
      vllm:kv_cache_usage_perc{engine="0",model_name="m"} 0.25
      vllm:kv_cache_usage_perc{engine="1",model_name="m"} 0.97
      vllm:kv_cache_usage_perc_other 1.0
      """
    #expect(share(text) == 0.97)
  }

  @Test func `SGLang and older names of vLLM are known`() {
    #expect(share("sglang:token_usage{model_name=\"m\"} 0.5\n") == 0.5)
    #expect(share("vllm:gpu_cache_usage_perc 1.0") == 1)
  }

  @Test(arguments: ["", "\n\n", "vllm:kv_cache_usage_perc", "vllm:kv_cache_usage_perc nan", "x 1"])
  func `what tells nothing is nothing`(_ text: String) { #expect(share(text) == nil) }

  @Test func `a share is kept between nothing and all`() {
    #expect(share("sglang:token_usage 7") == 1)
    #expect(share("sglang:token_usage -1") == 0)
  }
}
