import Testing

@testable import Simulator

@Suite struct TokenizerTests {
  @Test func `pieces cover the text without a gap`() {
    let text = Array(
      (SourceText.code(lines: 60, seed: 3) + "<|im_end|>\n<|im_st é😀 \t\t  x<<|im_start|>").utf8)
    let pieces = Tokenizer.pieces(of: text)
    #expect(pieces.first?.lowerBound == 0)
    #expect(pieces.last?.upperBound == text.count)
    #expect(zip(pieces, pieces.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
  }

  @Test func `code and prose take about four bytes a token`() {
    for text in [
      SourceText.code(lines: 200, seed: 5), SourceText.instructions(sentences: 80, seed: 5),
    ] {
      let ratio = Double(text.utf8.count) / Double(Tokenizer.tokens(of: text).count)
      #expect((3.2...5.2).contains(ratio), "\(ratio)")
    }
  }

  @Test func `special tokens are one token wherever they stand`() {
    let alone = Tokenizer.tokens(of: "<|im_end|>")
    #expect(alone.count == 1)
    for text in ["x<|im_end|>", "...<|im_end|>", "  <|im_end|>", "\n<|im_end|>", "<<|im_end|>"] {
      #expect(Tokenizer.tokens(of: text).last == alone.first)
    }
  }

  @Test func `a conversation that goes on keeps the tokens it had`() throws {
    let first = try RenderingTests.rendered(
      chat: #"{"messages":[{"role":"user","content":"a b  c"}]}"#)
    let second = try RenderingTests.rendered(
      chat:
        #"{"messages":[{"role":"user","content":"a b  c"},{"role":"assistant","content":"Done."},{"role":"user","content":"more"}]}"#
    )
    let tokens = Tokenizer.tokens(of: first)
    #expect(SlotPool.commonTokens(tokens, Tokenizer.tokens(of: second)) == tokens.count)
  }
}
