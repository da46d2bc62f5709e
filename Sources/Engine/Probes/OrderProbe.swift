import Bytes
import Prompt

/// Has llama.cpp render a small prompt: where the tools end up in it tells what a change of tools or
/// system prompt costs. Source: `POST /apply-template`, tools/server/README.md.
enum OrderProbe {
  private static let system: StaticString = "holdfast system mark"
  private static let tool: StaticString = "holdfast tool mark"

  static var body: ByteBuffer {
    ByteBuffer(
      copying: Array(
        #"{"messages":[{"role":"system","content":"\#(system)"},{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"mark","description":"\#(tool)","parameters":{"type":"object","properties":{}}}}]}"#
          .utf8))
  }

  /// nil if the template does not show both.
  static func order(_ json: UnsafeRawBufferPointer) -> RenderingOrder? {
    var scanner = JSONScanner(json)
    scanner.skipWhitespace()
    guard let range = scanner.member("prompt") else { return nil }
    let prompt = UnsafeRawBufferPointer(rebasing: json[range])
    guard let system = findBytes(system, in: prompt), let tool = findBytes(tool, in: prompt) else {
      return nil
    }
    return tool < system ? .toolsFirst : .systemFirst
  }
}
