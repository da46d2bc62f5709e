import TestSupport
import Testing

@testable import Prefix

@Suite struct OccurrencesTests {
  @Test func `each search finds what a walk from its start finds`() {
    var random = SplitMix(seed: 5)
    for _ in 0..<300 {
      let length = Int.random(in: 0..<40, using: &random)
      let keys = (0..<length).map { _ in Int.random(in: 0..<6, using: &random) }
      let range = 7..<7 + length
      // Key 0 stands for none.
      var places = Occurrences(range) { keys[$0 - 7] == 0 ? nil : keys[$0 - 7] }
      var from = 7
      while from < range.upperBound + 3 {
        let key = Int.random(in: 1..<7, using: &random)
        let expected = range.first { $0 >= from && keys[$0 - 7] == key }
        #expect(places.first(key, from: from) == expected)
        from += Int.random(in: 0..<3, using: &random)
      }
    }
  }
}
