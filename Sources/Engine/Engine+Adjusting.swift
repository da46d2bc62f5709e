import Prefix
import Turns

extension Engine {
  /// Follows another configuration in what may change while it runs: mode and repairs of sessions to
  /// come, the limits of sessions, and what is added to responses. Everything else in it is ignored.
  public func adjust(to new: EngineConfiguration) {
    settle()
    configuration.addsResponseFields = new.addsResponseFields
    configuration.answersDiagnostics = new.answersDiagnostics
    sessions.limits.sessions = new.maxSessions
    sessions.limits.bodyBytes = new.keepBodies
    // What somebody chose while it ran stays, unless the configuration chose anew.
    if configuration.mode != new.mode {
      configuration.mode = new.mode
      sessions.defaultMode = new.mode
      if new.mode != .off { mayPin = !configuration.isReadOnly }
    }
    if configuration.repairs != new.repairs {
      configuration.repairs = new.repairs
      sessions.defaultRepairs = new.repairs
    }
    publish(
      .defaultsChanged(mode: sessions.defaultMode, repairs: sessions.defaultRepairs))
  }

  /// Forgets conversations that were not heard of for long. To be called now and then.
  public func forgetIdle() {
    settle()
    for session in sessions.expire(now: nowMillis) { publish(.sessionEvicted(session)) }
  }
}
