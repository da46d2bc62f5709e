/// A conversation as an agent keeps it, before it is spelled in a dialect.
struct Transcript: Sendable, Equatable {
  struct Result: Sendable, Equatable {
    var id: String
    var text: String
  }

  enum Entry: Sendable, Equatable {
    /// What a person, or the agent in their name, says; one text part each.
    case user([String])
    case reply(AgentReply)
    /// Results of the calls of the reply before.
    case results([Result])
  }

  /// A text that was sent: of a user message, or of a tool result.
  struct Place: Sendable, Equatable {
    var entry: Int
    var part: Int
  }

  static let cleared = "[Old tool result content cleared]"

  var entries: [Entry] = []
  /// A reminder that goes with the entry of this index.
  var reminder: (entry: Int, text: String)?

  static func == (left: Transcript, right: Transcript) -> Bool {
    left.entries == right.entries && left.reminder?.entry == right.reminder?.entry
      && left.reminder?.text == right.reminder?.text
  }

  subscript(place: Place) -> String {
    get {
      switch entries[place.entry] {
      case .user(let texts): texts[place.part]
      case .results(let results): results[place.part].text
      case .reply(let reply): reply.text
      }
    }
    set {
      switch entries[place.entry] {
      case .user(var texts):
        texts[place.part] = newValue
        entries[place.entry] = .user(texts)
      case .results(var results):
        results[place.part].text = newValue
        entries[place.entry] = .results(results)
      case .reply(var reply):
        reply.text = newValue
        entries[place.entry] = .reply(reply)
      }
    }
  }

  /// Texts of tool results before the newest entry, or of user messages if there are no results.
  /// Oldest first; what was cleared is left out.
  private func earlierTexts() -> [Place] {
    var results: [Place] = []
    var spoken: [Place] = []
    for (index, entry) in entries.enumerated().dropLast() {
      switch entry {
      case .results(let list):
        for part in list.indices where list[part].text != Self.cleared {
          results.append(Place(entry: index, part: part))
        }
      case .user(let texts): spoken += texts.indices.map { Place(entry: index, part: $0) }
      case .reply: break
      }
    }
    return results.isEmpty ? spoken : results
  }

  /// Shows an old text with line numbers. The methods of this kind return whether they changed
  /// anything.
  mutating func numberResult() -> Bool {
    let places = earlierTexts()
    guard let place = places.dropLast(1).last ?? places.last else { return false }
    self[place] = SourceText.numbered(self[place])
    return true
  }

  /// Clears all but the newest `kept` texts.
  mutating func clearResults(keeping kept: Int) -> Bool {
    let places = earlierTexts().dropLast(kept)
    for place in places { self[place] = Self.cleared }
    return !places.isEmpty
  }

  mutating func trimWhitespace() -> Bool {
    guard let place = earlierTexts().last(where: { self[$0].last?.isWhitespace == true }) else {
      return false
    }
    while self[place].last?.isWhitespace == true { self[place].removeLast() }
    return true
  }

  mutating func respellArguments() -> Bool {
    for index in entries.indices.dropLast().reversed() {
      guard case .reply(var reply) = entries[index] else { continue }
      for (call, value) in reply.calls.enumerated() {
        guard let arguments = try? JSONReader.read(value.arguments) else { continue }
        let spellings = [JSONText.compact(arguments), JSONText.spaced(arguments)]
        guard let other = spellings.first(where: { $0 != value.arguments }) else { continue }
        reply.calls[call].arguments = other
        entries[index] = .reply(reply)
        return true
      }
    }
    return false
  }

  /// Writes the last user message anew and forgets all that came after it.
  mutating func editLastUser(to text: String) -> Bool {
    guard
      let last = entries.lastIndex(where: {
        if case .user = $0 { true } else { false }
      })
    else { return false }
    entries[last] = .user([text])
    entries.removeSubrange((last + 1)...)
    if let held = reminder, held.entry > last { reminder = nil }
    return true
  }
}
