import Testing
import Turns

@Suite struct BlockTextTests {
  private static func text(_ bytes: [UInt8], difference: Int) -> BlockText {
    bytes.withUnsafeBytes { BlockText(block: $0, difference: difference) }
  }

  @Test func `a short block is kept whole`() {
    let block = Self.text(Array("abc def".utf8), difference: 4)
    #expect(block == BlockText(bytes: Array("abc def".utf8), start: 0, rest: 0, mark: 4))
  }

  @Test(arguments: [0, 5_000, 70_000, 199_999, 200_000])
  func `of a long block the part with the difference is kept`(difference: Int) {
    let bytes = (0..<200_000).map { $0 % 8 == 7 ? UInt8(ascii: " ") : UInt8(ascii: "w") }
    let block = Self.text(bytes, difference: difference)
    #expect(block.bytes.count <= BlockText.limit)
    #expect(block.bytes.count > BlockText.limit - 600)
    #expect(block.start + block.mark == difference)
    #expect(block.start + block.bytes.count + block.rest == bytes.count)
    #expect(block.bytes == Array(bytes[block.start..<block.start + block.bytes.count]))
  }

  @Test func `a cut divides no word`() {
    let secret = "sk-live0123456789abcdefghij"
    for shift in 0..<30 {
      var bytes = [UInt8](repeating: UInt8(ascii: " "), count: 100_000)
      for cut in [50_000 - 8 * 1024, 50_000 + 24 * 1024] {
        bytes.replaceSubrange(cut - shift..<cut - shift + secret.utf8.count, with: secret.utf8)
      }
      let shown = String(
        decoding: Self.text(bytes, difference: 50_000).masked.bytes, as: UTF8.self)
      #expect(!shown.contains("hij") && !shown.contains("sk-l") && !shown.contains("2345"))
    }
  }

  @Test func `a difference within a masked word is marked at its beginning`() {
    let text = "token sk-live0123456789abcdef end"
    let masked = Self.text(Array(text.utf8), difference: 12).masked
    #expect(String(decoding: masked.bytes, as: UTF8.self) == "token *** end")
    #expect(masked.mark == 6)
  }
}
