import CSystem
import Capture
import EventLoop
import Glibc
import Synchronization

/// Writes captured exchanges on a thread of its own, from a queue that is bounded by bytes: what does
/// not fit is dropped and counted, and the loop never waits. A file that cannot be written ends the
/// capture, with one notice; traffic goes on.
final class CaptureWriter: @unchecked Sendable {
  private struct Queue {
    var records: [CaptureRecord] = []
    var bytes = 0
    var dropped = 0
    var isStopping = false
    var hasEnded = false
  }

  private let queue = Mutex(Queue())
  private let store: CaptureStore
  private let notify: @Sendable (String) -> Void
  private let bell: Bell
  private var thread: Thread?
  private var hasToldOfDrops = false

  private static let maxQueuedBytes = 256 << 20

  /// - Parameter notify: gets a sentence when something is not captured; called on any thread.
  init(
    directory: String, maxBytes: Int, notify: @escaping @Sendable (String) -> Void
  ) throws(FileError) {
    self.notify = notify
    do throws(CaptureError) {
      store = try CaptureStore(path: directory, maxBytes: maxBytes, startedAt: Loop.wallMillis())
    } catch {
      throw FileError(sentence: "--capture \(Self.sentence(error))")
    }
    bell = try Bell()
    thread = try Thread(name: "capture") { [unowned self] in run() }
  }

  /// Loop thread only.
  func add(_ record: CaptureRecord) {
    let isFull = queue.withLock { queue in
      if queue.hasEnded { return false }
      guard record.byteCount <= Self.maxQueuedBytes - queue.bytes else {
        queue.dropped += 1
        return true
      }
      queue.bytes += record.byteCount
      queue.records.append(record)
      return false
    }
    if isFull, !hasToldOfDrops {
      hasToldOfDrops = true
      notify("\(store.path) is written too slowly; some exchanges are not captured")
    }
    bell.ring()
  }

  /// Writes what is left and ends the thread. Loop thread only.
  func finish() {
    queue.withLock { $0.isStopping = true }
    bell.ring()
    thread?.join()
    thread = nil
  }

  // MARK: Capture thread

  private func run() {
    while true {
      let (records, dropped, isStopping) = queue.withLock { queue in
        let taken = (queue.records, queue.dropped, queue.isStopping)
        queue.records = []
        queue.dropped = 0
        return taken
      }
      guard save(records, dropped: dropped) else { return }
      if records.isEmpty {
        if isStopping { return }
        bell.wait()
      }
    }
  }

  /// - Returns: false once nothing more is written.
  private func save(_ records: [CaptureRecord], dropped: Int) -> Bool {
    var dropped = dropped
    for record in records {
      do throws(CaptureError) {
        try store.write(record, dropped: dropped)
        dropped = 0
      } catch {
        notify("\(Self.sentence(error)); nothing more is captured")
        queue.withLock { queue in
          queue.hasEnded = true
          queue.records = []
        }
        return false
      }
      queue.withLock { $0.bytes -= record.byteCount }
    }
    if dropped > 0 { queue.withLock { $0.dropped += dropped } }
    return true
  }

  private static func sentence(_ error: CaptureError) -> String {
    switch error {
    case .failed(let path, let code): "\(path): \(String(cString: strerror(code)))"
    case .notPrivate(let path):
      "\(path): others may write to this directory; choose one of your own, e.g. a new one"
    case .full(let path, let maxBytes): "\(path) holds the \(maxBytes >> 20) MB of --capture-size"
    }
  }
}
