import Bytes
import Upstream
import Wire

/// Watches an answer go by: usage, timings, progress, and the message that was generated. Works on
/// copies of nothing: stream events are read where they lie, whole JSON answers are collected up to
/// a limit.
struct AnswerReader {
  private enum Form { case stream, json, opaque }

  private var form: Form
  private var scanner = SSEScanner()
  private let collected: ByteBuffer?
  private(set) var usage = UsageReader()
  private(set) var recorder = MessageRecorder()
  /// An answer longer than this is not read; its figures are unknown.
  private static let longestJSON = 8 << 20

  init(contentType: String?, isEncoded: Bool) {
    let type = contentType?.lowercased() ?? ""
    if isEncoded {
      form = .opaque
    } else if type.hasPrefix("text/event-stream") {
      form = .stream
    } else {
      form = type.containsText("json") ? .json : .opaque
    }
    collected = form == .json ? ByteBuffer(capacity: 4096) : nil
  }

  /// - Returns: whether the bytes brought news of the prefill's progress.
  mutating func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
    switch form {
    case .opaque: return false
    case .json:
      guard let collected else { return false }
      if collected.count + bytes.count > Self.longestJSON {
        form = .opaque
      } else {
        collected.append(bytes)
      }
      return false
    case .stream:
      let before = usage.progress
      var usage = usage
      // Moved out and back: a second owner would copy the whole text at every piece.
      var recorder = MessageRecorder()
      swap(&recorder, &self.recorder)
      scanner.feed(bytes) { _, data in
        usage.read(data)
        recorder.read(data)
      }
      self.usage = usage
      swap(&recorder, &self.recorder)
      return usage.progress != before
    }
  }

  /// The answer is complete: reads what was collected.
  mutating func finish() {
    guard form == .json, let collected else { return }
    usage.read(collected.bytes)
    recorder.read(collected.bytes)
  }
}
