import Prefix
import Testing

@Suite struct ByteDiffTests {
  private func hunks(
    _ before: String, _ after: String, wholeLines: Bool = false
  ) -> [[Range<Int>]] {
    Array(before.utf8).withUnsafeBytes { a in
      Array(after.utf8).withUnsafeBytes { b in
        ByteDiff(a, b, wholeLines: wholeLines).hunks.map { [$0.before, $0.after] }
      }
    }
  }

  @Test func `what was taken out is missing behind the common front`() {
    #expect(hunks("aa\nbb\ncc\n", "aa\ncc\n") == [[3..<6, 3..<3]])
  }

  @Test func `what was put in is missing behind the common front`() {
    #expect(hunks("aa\ncc\n", "aa\nbb\ncc\n") == [[3..<3, 3..<6]])
  }

  @Test func `whole lines begin and end with a line`() {
    #expect(
      hunks("aa\nbxb\ncc", "aa\nbyyb\ncc", wholeLines: true)
        == [[3..<7, 3..<8]])
  }

  @Test func `an escaped line end in plain text does not end a line`() {
    #expect(
      hunks(#"a\nb\nc"#, #"a\nx\nc"#, wholeLines: true) == [[0..<7, 0..<7]])
  }

  @Test func `a last line without its end is the same line`() {
    #expect(
      hunks("aa\nbb", "aa\nbb\ncc", wholeLines: true) == [[5..<5, 6..<8]])
  }
}
