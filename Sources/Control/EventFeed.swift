import TurnCoding
import Turns

/// Everything one reader of events gets: a greeting, what was known when it came, and what has
/// happened since. Lines of the past are made when they are sent, so that they take no memory.
final class EventFeed {
  /// Called when there is something to send again.
  var onLine: (() -> Void)?

  private var hello: StreamHello?
  private var replay: ArraySlice<TurnEvent>
  private var isCaughtUp = false
  private var backlog: EventBacklog

  init(hello: StreamHello, replay: [TurnEvent], maxBytes: Int) {
    self.hello = hello
    self.replay = replay[...]
    backlog = EventBacklog(maxBytes: maxBytes)
  }

  var droppedCount: Int { backlog.droppedCount }

  func append(_ line: [UInt8]) {
    backlog.append(line)
    onLine?()
  }

  func next() -> [UInt8]? {
    if let greeting = hello {
      hello = nil
      return StreamMessage.hello(greeting).line
    }
    if let event = replay.popFirst() { return StreamMessage.event(event).line }
    if !isCaughtUp {
      isCaughtUp = true
      replay = []
      return StreamMessage.caughtUp.line
    }
    return backlog.next()
  }
}
