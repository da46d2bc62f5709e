import EventLoop
import Ledger
import Prefix
import Turns

/// What earlier runs left in the ledger for this one. Read before the first request; without a
/// ledger, or where it cannot be read, there is nothing. The writer says what is wrong with a file.
struct SessionMemory {
  /// The one used last first.
  var sessions: [KeptSession] = []
  /// nil where no secret is kept.
  var credentialHash: ((String) -> Int)?

  init(_ options: ServeOptions) {
    guard let place = options.ledger else { return }
    if let secret = SecretFile.secret(ofLedger: place.path), let hash = CredentialHash(key: secret)
    {
      credentialHash = { hash.value($0) }
    }
    let limits = KeptLimits(
      oldest: Loop.wallMillis() - LedgerSettings(path: place.path, run: 0).keptMillis)
    let read = try? LedgerReader(path: place.path, busyMillis: 500).keptSessions(limits)
    sessions = Array((read ?? []).prefix(options.maxSessions))
  }

  /// The runs in which the sessions began.
  var origins: [SessionID: Int64] {
    var runs: [SessionID: Int64] = [:]
    for session in sessions where runs[session.snapshot.id] == nil {
      runs[session.snapshot.id] = session.run
    }
    return runs
  }
}
