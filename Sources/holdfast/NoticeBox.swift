import EventLoop
import Synchronization

/// Sentences from other threads on their way to the loop.
final class NoticeBox: Sendable {
  private struct State {
    var texts: [String] = []
    var wakeup: Wakeup?
  }

  private let state = Mutex(State())

  var wakeup: Wakeup? {
    get { state.withLock { $0.wakeup } }
    set { state.withLock { $0.wakeup = newValue } }
  }

  func add(_ text: String) {
    let wakeup = state.withLock { state in
      state.texts.append(text)
      return state.wakeup
    }
    wakeup?.send()
  }

  func take() -> String? {
    state.withLock { $0.texts.isEmpty ? nil : $0.texts.removeFirst() }
  }
}
