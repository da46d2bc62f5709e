import Testing
import Upstream

private func query(
  kept: Int, of previous: Int = 1000, echoed: Int = 0, generated: Int = 0, prompt: Int = 5000,
  now: UInt64 = 0, marks: [PrefixMark] = [], breakpoints: [PrefixMark] = []
) -> HitQuery {
  HitQuery(
    kept: kept, previous: previous, echoed: echoed, generated: generated, prompt: prompt, now: now,
    marks: marks, breakpoints: breakpoints)
}

private func mark(_ tokens: Int, blocks: Int = 0, lifetime: UInt64? = nil) -> PrefixMark {
  PrefixMark(
    bytes: tokens * 4, tokens: tokens, blocks: blocks, usedAt: 0, lifetimeMillis: lifetime)
}

@Suite struct HitModelTests {
  // MARK: Slots

  @Test func `a slot reuses the common prefix, and the answer that came back`() {
    let hits = SlotHits()
    #expect(hits.predicted(query(kept: 900)) == 900)
    #expect(hits.predicted(query(kept: 1000, echoed: 80, generated: 81)) == 1080)
    #expect(hits.predicted(query(kept: 900, echoed: 80)) == 900)
  }

  @Test func `a slot evaluates at least one token`() {
    #expect(SlotHits().predicted(query(kept: 1000, prompt: 1000)) == 999)
    #expect(SlotHits().predicted(query(kept: 0, of: 0, prompt: 0)) == 0)
  }

  @Test func `without a memory that can be cut a slot goes back to a checkpoint`() {
    let hits = SlotHits(resumesAtCheckpoints: true)
    let marks = [mark(2000), mark(3000)]
    let whole = query(kept: 3000, of: 3000, echoed: 99, generated: 100, marks: marks)
    #expect(hits.predicted(whole) == 3099)
    #expect(hits.predicted(query(kept: 3000, of: 3000, generated: 100, marks: marks)) == 2996)
    #expect(hits.predicted(query(kept: 2900, of: 3000, marks: marks)) == 2484)
    #expect(hits.predicted(query(kept: 2100, of: 3000, marks: marks)) == 1996)
    #expect(hits.predicted(query(kept: 100, of: 3000, marks: marks)) == 0)
    #expect(SlotHits.isCheckpoint(1995, of: marks))
    #expect(!SlotHits.isCheckpoint(1900, of: marks))
  }

  // MARK: Blocks

  @Test func `vLLM reuses whole blocks and never the last token`() {
    #expect(BlockHits.vLLM.predicted(query(kept: 1000)) == 992)
    #expect(BlockHits.vLLM.predicted(query(kept: 992, of: 992, prompt: 992)) == 976)
    #expect(BlockHits.vLLM.predicted(query(kept: 1000, echoed: 30, generated: 31)) == 1024)
    #expect(BlockHits.sgLang.predicted(query(kept: 1000)) == 1000)
  }

  // MARK: OpenAI

  @Test(arguments: [(1000, 0), (1024, 1024), (1151, 1024), (1160, 1152)])
  func `OpenAI counts from 1,024 tokens on in steps of 128`(_ kept: Int, _ hit: Int) {
    #expect(AutomaticHits().predicted(query(kept: kept, of: 2000, echoed: 50)) == hit)
  }

  @Test func `from gpt-5_6 on a change loses the prompt back to the end of an earlier one`() {
    let model = HitModel(.openAI, model: "gpt-5.6-terra")
    let marks = [mark(1500), mark(2500)]
    #expect(model.predicted(query(kept: 2500, of: 2500, marks: marks)) == 2500)
    #expect(model.predicted(query(kept: 2400, of: 2500, marks: marks)) == 1500)
    #expect(model.predicted(query(kept: 1400, of: 2500, marks: marks)) == 0)
    #expect(HitModel(.openAI, model: "gpt-5.5") == .automatic(AutomaticHits()))
    #expect(HitModel(.openAI, model: "openai/gpt-6") == .units(.openAI))
    #expect(HitModel(.openAI, model: "o3") == .automatic(AutomaticHits()))
  }

  // MARK: DeepSeek

  @Test func `DeepSeek reuses whole units, the end of an answer among them`() {
    let marks = [mark(500), mark(1000)]
    let hits = UnitHits.deepSeek
    #expect(hits.predicted(query(kept: 1000, echoed: 80, generated: 81, marks: marks)) == 1080)
    #expect(hits.predicted(query(kept: 1000, echoed: 40, generated: 81, marks: marks)) == 1000)
    #expect(hits.predicted(query(kept: 990, marks: marks)) == 500)
    #expect(hits.predicted(query(kept: 400, marks: marks)) == 0)
  }

  // MARK: Anthropic

  @Test func `a breakpoint finds what was stored at most twenty blocks earlier`() {
    let hits = BreakpointHits(model: "claude-sonnet-5")
    let stored = [mark(2000, blocks: 10)]
    func hit(_ breakpoints: Int...) -> Int {
      hits.predicted(
        query(
          kept: 2500, of: 2500, marks: stored,
          breakpoints: breakpoints.map { mark($0 * 200, blocks: $0) }))
    }
    #expect(hit(10) == 2000)
    #expect(hit(29) == 2000)
    #expect(hit(30) == 0)
    #expect(hit(10, 60) == 2000)
    #expect(hit(9) == 0)
    #expect(hit() == 0)
  }

  @Test func `a change loses the breakpoints behind it and keeps those in front`() {
    let hits = BreakpointHits(minimum: 1024)
    let marks = [mark(1200, blocks: 4), mark(3000, blocks: 9)]
    let request = [mark(1200, blocks: 4), mark(3500, blocks: 11)]
    #expect(hits.predicted(query(kept: 3000, of: 3000, marks: marks, breakpoints: request)) == 3000)
    #expect(hits.predicted(query(kept: 2900, of: 3000, marks: marks, breakpoints: request)) == 1200)
    #expect(hits.predicted(query(kept: 1100, of: 3000, marks: marks, breakpoints: request)) == 0)
  }

  @Test func `what is stored lapses after its own lifetime`() {
    let hits = BreakpointHits(minimum: 1024)
    let marks = [
      mark(1200, blocks: 4, lifetime: BreakpointHits.longLifetimeMillis),
      mark(3000, blocks: 9, lifetime: BreakpointHits.shortLifetimeMillis),
    ]
    func request(at minutes: UInt64) -> HitQuery {
      query(
        kept: 3000, of: 3000, now: minutes * 60_000, marks: marks,
        breakpoints: [mark(1200, blocks: 4), mark(3000, blocks: 9)])
    }
    #expect(hits.predicted(request(at: 5)) == 3000)
    #expect(hits.predicted(request(at: 6)) == 1200)
    #expect(hits.hasLapsed(request(at: 6)))
    #expect(!hits.hasLapsed(request(at: 5)))
    #expect(hits.predicted(request(at: 61)) == 0)
  }

  @Test(arguments: [("claude-haiku-4-5", 4096), ("claude-opus-5", 512), ("claude-sonnet-5", 1024)])
  func `short prefixes are not stored, by model`(_ model: String, _ minimum: Int) {
    let hits = BreakpointHits(model: model)
    func hit(_ tokens: Int) -> Int {
      hits.predicted(
        query(
          kept: tokens, of: tokens, marks: [mark(tokens, blocks: 3)],
          breakpoints: [mark(tokens, blocks: 3)]))
    }
    #expect(hit(minimum - 1) == 0)
    #expect(hit(minimum) == minimum)
  }

  // MARK: Unknown

  @Test func `of an unknown server the plain prefix is expected`() {
    let model = HitModel(.unknown, model: "m")
    #expect(model.predicted(query(kept: 777, echoed: 50)) == 777)
    #expect(!model.keepsGenerated)
  }
}

@Suite struct PrefixMarksTests {
  @Test func `marks stay in the order of the prompt and are renewed in place`() {
    var marks = PrefixMarks()
    for tokens in [300, 100, 200] { marks.note(mark(tokens)) }
    var again = mark(200)
    again.usedAt = 9
    marks.note(again)
    #expect(marks.all.map(\.tokens) == [100, 200, 300])
    #expect(marks.all[1].usedAt == 9)
    marks.forget(behind: 200 * 4)
    #expect(marks.all.map(\.tokens) == [100, 200])
  }

  @Test func `the number of marks is bounded`() {
    var marks = PrefixMarks()
    for tokens in 1...500 { marks.note(mark(tokens)) }
    #expect(marks.all.count == PrefixMarks.limit)
    #expect(marks.all.last?.tokens == 500)
  }
}

@Suite struct EchoReuseTests {
  @Test func `a plain answer is expected whole until the server shows otherwise`() {
    var reuse = EchoReuse()
    #expect(reuse.expected(output: 101, returned: 1, plain: 1) == 100)
    #expect(reuse.expected(output: 101, returned: 0.5, plain: 1) == 50)
    reuse.note(reused: 0, output: 101, plain: 1)
    #expect(reuse.expected(output: 101, returned: 1, plain: 1) == 0)
  }

  @Test func `tool calls are expected once the server has reused one`() {
    var reuse = EchoReuse()
    #expect(reuse.expected(output: 101, returned: 1, plain: 0.3) == 30)
    reuse.note(reused: 100, output: 101, plain: 0.3)
    #expect(reuse.expected(output: 101, returned: 1, plain: 0.3) == 100)
  }
}
