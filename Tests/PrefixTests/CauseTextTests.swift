import Bytes
import Prefix
import Testing

@Suite struct CauseTextTests {
  @Test(arguments: Cause.allCases)
  func `every cause has a short title and one sentence`(_ cause: Cause) {
    #expect(cause.title.count <= 28)
    #expect(cause.explanation.hasSuffix("."))
    #expect(cause.explanation.count <= 110)
    #expect(Cause.allCases.filter { $0.title == cause.title }.count == 1)
    if let advice = cause.advice { #expect(advice.count <= 110) }
  }

  @Test func `what the agent could avoid has advice`() {
    for cause in Cause.allCases
    where cause.side == .agent && ![.compaction, .none].contains(cause) {
      #expect(cause.advice != nil, "\(cause)")
    }
  }
}
