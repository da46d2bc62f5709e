import Bytes

/// Reads how full the KV cache of vLLM or SGLang is out of their figures for Prometheus (`/metrics`).
public enum CacheUsageReader {
  /// The share in use, 0...1, of the fullest engine where there are several; nil if it is not told.
  public static func share(_ text: UnsafeRawBufferPointer) -> Double? {
    var most: Double?
    var start = 0
    while start < text.count {
      let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) ?? text.count
      let line = String(decoding: text[start..<end], as: UTF8.self)
      start = end + 1
      guard
        names.contains(where: { name in
          line.hasPrefix(name) && [" ", "{"].contains(line.dropFirst(name.count).first)
        }), let value = line.split(separator: " ").last.flatMap({ Double($0) }), value.isFinite
      else { continue }
      most = max(most ?? 0, min(1, max(0, value)))
    }
    return most
  }

  private static let names = [
    "vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc", "sglang:token_usage",
  ]
}
