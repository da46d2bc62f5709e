import Testing
import Upstream

@testable import Engine

/// A plan and a clock.
private struct Timeline {
  var plan: ProbePlan
  var now: UInt64 = 1_000_000

  init(_ plan: ProbePlan = ProbePlan()) { self.plan = plan }

  /// One whole request.
  mutating func request(isAborted: Bool = false) {
    plan.requestBegan(now)
    plan.answered()
    plan.requestEnded(now, isAnswered: true, isAborted: isAborted)
  }

  /// Everything asked until nothing is due at once, each understood unless said otherwise.
  mutating func ask(
    _ results: [ProbePlan.Question: ProbePlan.Result] = [:]
  ) -> [ProbePlan.Question] {
    var asked: [ProbePlan.Question] = []
    while case .ask(let question) = plan.next(now) {
      asked.append(question)
      plan.ended(results[question] ?? .understood, now)
    }
    return asked
  }
}

@Suite struct ProbePlanTests {
  @Test func `an upstream that nobody uses is never asked`() {
    var line = Timeline()
    #expect(line.ask() == [])
    line.plan.requestBegan(line.now)
    #expect(line.ask() == [])
  }

  @Test func `the first answer starts the questions`() {
    var line = Timeline()
    line.request()
    #expect(line.ask() == [.models])
    line.plan.learned(.llamaCpp)
    #expect(line.ask() == [.props, .order])
    line.request()
    #expect(line.ask() == [])
  }

  @Test func `a vendor is not asked anything`() {
    var line = Timeline(ProbePlan(kind: .anthropic))
    line.request()
    #expect(line.ask() == [])
    line = Timeline()
    line.plan.learned(.openAI)
    line.request()
    #expect(line.ask() == [])
  }

  @Test(arguments: [
    (ServerKind.ollama, ProbePlan.Question.loadedModels), (.lmStudio, .studioModels),
    (.vLLM, .models),
  ])
  func `each kind is asked where it tells its window`(
    _ kind: ServerKind, _ question: ProbePlan.Question
  ) {
    var line = Timeline()
    line.request()
    #expect(line.ask() == [.models])
    line.plan.learned(kind)
    #expect(line.ask() == [question])
  }

  @Test func `one question at a time`() {
    var line = Timeline(ProbePlan(kind: .llamaCpp))
    line.request()
    #expect(line.plan.next(line.now) == .ask(.props))
    #expect(line.plan.next(line.now) == .rest)
    line.plan.ended(.understood, line.now)
    #expect(line.plan.next(line.now) == .ask(.order))
  }

  @Test func `what is refused is never asked again`() {
    var line = Timeline(ProbePlan(kind: .llamaCpp))
    line.request()
    #expect(line.ask([.props: .useless]) == [.props, .order])
    for _ in 0..<5 {
      line.now += 1_000_000
      line.request()
      #expect(line.ask() == [])
    }
  }

  @Test func `a server that hangs is asked once more, later, and then never`() {
    var line = Timeline()
    line.request()
    #expect(line.ask([.models: .failed]) == [.models])
    #expect(line.plan.next(line.now) == .wait(until: line.now + ProbePlan.retryMillis))
    line.now += ProbePlan.retryMillis
    #expect(line.ask([.models: .failed]) == [.models])
    line.now += 10_000_000
    line.request()
    #expect(line.ask([.models: .failed]) == [])
  }

  @Test func `a server that lists no models may still describe itself`() {
    var line = Timeline()
    line.request()
    #expect(line.ask([.models: .useless, .props: .useless]) == [.models, .props])
  }

  @Test func `after a pause in the traffic the server may be another one`() {
    var line = Timeline(ProbePlan(kind: .llamaCpp))
    line.request()
    _ = line.ask()
    line.now += 1_000
    line.request()
    #expect(line.ask() == [])
    line.now += 10_000
    line.plan.requestBegan(line.now)
    #expect(line.ask() == [.props])
  }

  @Test func `a server that came back is asked what it is`() {
    var line = Timeline(ProbePlan(kind: .llamaCpp))
    line.request()
    _ = line.ask()
    line.plan.wentDown()
    #expect(line.ask() == [])
    line.request()
    #expect(line.ask() == [.props, .order])
  }

  @Test func `slots are looked at every two seconds at most, and only while watched`() {
    var line = Timeline(ProbePlan(kind: .llamaCpp))
    line.request()
    _ = line.ask()
    line.plan.requestBegan(line.now)
    #expect(line.ask() == [])
    line.plan.watchesSlots = true
    #expect(line.plan.next(line.now) == .ask(.slots))
    line.plan.ended(.understood, line.now)
    #expect(line.plan.next(line.now) == .wait(until: line.now + 2_000))
    line.now += 2_000
    #expect(line.plan.next(line.now) == .ask(.slots))
    line.plan.ended(.understood, line.now)
    line.now += 2_000
    line.plan.watchesSlots = false
    line.plan.requestEnded(line.now, isAnswered: true, isAborted: false)
    _ = line.plan.next(line.now)
    line.now += 100_000
    #expect(line.ask() == [])
  }

  @Test func `slots are left alone after a request was given up`() {
    var line = Timeline(ProbePlan(kind: .llamaCpp))
    line.request(isAborted: true)
    _ = line.ask()
    line.plan.want(.slots)
    #expect(line.plan.next(line.now) == .wait(until: line.now + ProbePlan.quietAfterAbortMillis))
  }

  @Test func `prompts are rendered only while the server is idle`() {
    var line = Timeline(ProbePlan(kind: .llamaCpp))
    line.request()
    _ = line.ask()
    line.plan.requestBegan(line.now)
    line.plan.want(.rendering)
    #expect(line.plan.next(line.now) == .rest)
    line.plan.requestEnded(line.now, isAnswered: true, isAborted: false)
    #expect(line.plan.next(line.now) == .ask(.rendering))
  }
}
