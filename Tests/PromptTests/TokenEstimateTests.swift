import Prompt
import Testing

@Suite struct TokenEstimateTests {
  @Test func `a token is four bytes until something was reported`() {
    #expect(TokenEstimate().tokens(inFirst: 1000) == 250)
  }

  @Test func `reported points are exact and the stretch between them is interpolated`() {
    var estimate = TokenEstimate()
    estimate.calibrate(bytes: 1000, tokens: 200)
    estimate.calibrate(bytes: 3000, tokens: 800)
    #expect(estimate.tokens(inFirst: 1000) == 200)
    #expect(estimate.tokens(inFirst: 3000) == 800)
    #expect(estimate.tokens(inFirst: 2000) == 500)
    #expect(estimate.isExact(1000))
    #expect(!estimate.isExact(2000))
  }

  @Test func `behind the last point the rate of the whole prompt goes on`() {
    var estimate = TokenEstimate()
    estimate.calibrate(bytes: 1000, tokens: 200)
    #expect(estimate.tokens(inFirst: 1500) == 300)
  }

  @Test func `a change forgets the points behind it`() {
    var estimate = TokenEstimate()
    estimate.calibrate(bytes: 1000, tokens: 200)
    estimate.calibrate(bytes: 3000, tokens: 800)
    estimate.forget(behind: 1500)
    #expect(!estimate.isExact(3000))
    #expect(estimate.isExact(1000))
  }
}
