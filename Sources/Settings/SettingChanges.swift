/// What a configuration that was read again changes in a program that runs.
public struct SettingChanges: Sendable {
  struct Change: Sendable, Equatable {
    var name: String
    /// As it may be shown; nil for what must not be.
    var before: String?
    var now: String?
  }

  /// What may take effect at once.
  let applied: [Change]
  /// Options that are only followed at the start, and stay as they are.
  let pending: [String]
  /// The new command line, with what is pending as it was before.
  public let inForce: ParsedCommandLine

  /// - Parameters:
  ///   - old: what is in force.
  ///   - new: the same command line, filled anew.
  ///   - rewritten: options that name a file whose contents changed.
  public init(
    from old: ParsedCommandLine, to new: ParsedCommandLine, rewritten: Set<String> = []
  ) {
    var applied: [Change] = []
    var pending: [String] = []
    var inForce = new
    for option in OptionTable.options(for: new.command) where option.isConfigurable {
      let name = option.name
      let before = ConfigText.plain(option, old)
      let now = ConfigText.plain(option, new)
      guard before != now || rewritten.contains(name) else { continue }
      if option.isReloadable {
        let isTold = !option.isSecret && before != now
        applied.append(
          Change(name: name, before: isTold ? before : nil, now: isTold ? now : nil))
      } else {
        pending.append(name)
        inForce.values[name] = old.values[name]
        inForce.sources[name] = old.sources[name]
      }
    }
    self.applied = applied
    self.pending = pending
    self.inForce = inForce
  }

  /// One sentence for people.
  public var text: String {
    var parts = applied.map { change in
      guard let before = change.before, let now = change.now else { return "\(change.name) is new" }
      let scope = OptionTable.sessionDefaults.contains(change.name) ? " for sessions to come" : ""
      return "\(change.name) \(before) -> \(now)\(scope)"
    }
    if parts.isEmpty { parts = ["nothing changed"] }
    var text = "configuration read again: " + parts.joined(separator: ", ")
    if !pending.isEmpty {
      text += "; \(pending.joined(separator: ", ")) changed, too, which takes a restart"
    }
    return text
  }
}

extension Option {
  /// Whether SIGHUP has a running proxy follow another value. Left out is what sockets, files and
  /// terminals were opened by, and what would take back a promise that was given at the start.
  var isReloadable: Bool { Self.reloadable.contains(name) }

  private static let reloadable: Set = [
    "pin", "no-pin", "response-headers", "native-diagnostics", "ledger-days", "ledger-size",
    "client-token", "max-body", "max-in-flight", "keep-bodies", "max-sessions", "max-connections",
    "drain-timeout", "prices",
  ]
}

extension OptionTable {
  /// Options that say how a session begins; one that runs keeps what it has.
  static let sessionDefaults: Set = ["pin", "no-pin"]
}
