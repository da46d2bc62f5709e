import Bytes
import Glibc
import Prefix
import Prompt

/// Per-turn cost of the request index and of session matching, against the least that could be done:
/// one comparison of the two bodies in memory.
func runBenchmarks() {
  print("Per-turn cost of measuring, median of \(rounds) turns.")
  print("memcmp: comparing body and previous body once; append-only: the agent only added a turn;")
  print("mutated: message 3 changed, too; first: no session known. Ratios are to memcmp.\n")
  print("    body   memcmp us   append us  ratio   mutated us  ratio     first us   GB/s")
  for size in [10_000, 100_000, 1_000_000, 4_000_000] { measure(size) }
  print("\nFinding the session among many (100 KB body, append-only):\n")
  print("sessions   append us")
  for count in [1, 10, 100, 1000] { measureSessions(count) }
}

private let rounds = 41

private func measure(_ size: Int) {
  var talk = Talk(size: size, seed: 1)
  let before = talk.body()
  talk.grow()
  let appended = talk.body()
  talk.mutate()
  let mutated = talk.body()

  let compare = median { _ in
    let start = nanos()
    let common = commonPrefixLength(before.bytes, appended.bytes)
    let elapsed = nanos() - start
    precondition(common > 0)
    return elapsed
  }
  let append = median { _ in turn(before, appended) }
  let change = median { _ in turn(before, mutated) }
  let first = median { _ in turn(nil, appended) }
  let rate = Double(appended.count) / Double(first)
  print(
    column(appended.count, 8), column(compare, 11, scale: 1000), column(append, 11, scale: 1000),
    ratio(append, compare), column(change, 12, scale: 1000), ratio(change, compare),
    column(first, 12, scale: 1000), " \(tenths(rate))")
}

private func measureSessions(_ count: Int) {
  let table = SessionTable()
  var talks = (0..<count).map { Talk(size: 100_000, seed: UInt64($0 + 1)) }
  for talk in talks { receive(table, talk.body()) }
  let cost = median { round in
    let at = (round * 7919) % count
    talks[at].grow()
    let body = talks[at].body()
    let start = nanos()
    receive(table, body)
    return nanos() - start
  }
  print(column(count, 8), column(cost, 11, scale: 1000))
}

/// One turn against a session that knows `before`; only the turn is timed.
private func turn(_ before: ByteBuffer?, _ after: ByteBuffer) -> UInt64 {
  let table = SessionTable()
  if let before { receive(table, before) }
  let start = nanos()
  let reception = receive(table, after)
  let elapsed = nanos() - start
  precondition(reception != nil, "the benchmark's own body was not understood")
  return elapsed
}

@discardableResult
private func receive(_ table: SessionTable, _ body: ByteBuffer) -> Reception? {
  let key = GroupKey(credential: 0, upstream: 0, dialect: .openAIChat)
  return table.receive(
    body, dialect: .openAIChat, RequestContext(key: key, hint: nil, connection: 1, now: 1))
}

private func median(_ body: (Int) -> UInt64) -> UInt64 {
  (0..<rounds).map(body).sorted()[rounds / 2]
}

private func nanos() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
}

private func column(_ value: Int, _ width: Int) -> String {
  let text = String(value)
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

private func column(_ value: UInt64, _ width: Int, scale: Double) -> String {
  let text = tenths(Double(value) / scale)
  return String(repeating: " ", count: max(0, width - text.count)) + text
}

private func ratio(_ value: UInt64, _ base: UInt64) -> String {
  let text = tenths(Double(value) / Double(max(1, base))) + "x"
  return String(repeating: " ", count: max(0, 6 - text.count)) + text
}

private func tenths(_ value: Double) -> String {
  let scaled = Int((value * 10).rounded())
  return "\(scaled / 10).\(scaled % 10)"
}
