import Glibc
import Ledger
import Turns

/// `LedgerTestWriter FILE RUN TURNS BATCH [LIMIT]`: writes TURNS turns in batches of BATCH and says
/// after each commit how many are in the file. With LIMIT no file may grow beyond that many bytes
/// until the ledger has reported the failure and another hundred turns have come.
func writeLedger(_ arguments: [String]) {
  guard arguments.count >= 5, let run = Int64(arguments[2]), let turns = Int(arguments[3]),
    let batch = Int(arguments[4])
  else { exit(2) }
  if arguments.count > 5, let limit = UInt(arguments[5]) { limitFiles(limit) }
  var settings = LedgerSettings(path: arguments[1], run: run)
  settings.batchTurns = batch
  settings.retryMillis = 0
  settings.busyMillis = 30_000
  let clock = LedgerClock(monotonicMillis: { 1 }, wallMillis: { 1_795_000_000_000 })
  var failedAt: Int?
  var written = 0
  let recorder = LedgerRecorder(settings: settings, clock: clock) { text in
    failedAt = failedAt ?? written
    say("notice \(text)")
  }
  var sinceFailure = 0
  for number in 1...turns {
    written = number
    recorder.handle(.finished(sampleTurn(number)))
    if failedAt != nil {
      sinceFailure += 1
      if sinceFailure == 100 { limitFiles(nil) }
    }
    if recorder.waitingTurns == 0 { say("\(number)") }
  }
  recorder.finish()
  say("end \(recorder.waitingTurns)")
}

private func limitFiles(_ bytes: UInt?) {
  signal(SIGXFSZ, SIG_IGN)
  var limit = rlimit()
  getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
  limit.rlim_cur = bytes ?? limit.rlim_max
  setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
}

private func say(_ text: String) {
  var line = text + "\n"
  _ = line.withUTF8 { write(1, $0.baseAddress, $0.count) }
}
