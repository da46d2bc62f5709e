import Bytes
import Decompression
import Upstream
import Wire

/// Watches an answer go by: usage, timings, progress, and the message that was generated. Stream
/// events are read where they lie, whole JSON answers are collected up to a limit, and of compressed
/// answers a copy is decoded.
struct AnswerReader {
  private enum Form { case stream, json, opaque }

  private var form: Form
  private var scanner = SSEScanner()
  private let collected: ByteBuffer?
  private let decompressor: Decompressor?
  private(set) var usage = UsageReader()
  private(set) var recorder = MessageRecorder()
  /// An answer longer than this is not read; its figures are unknown.
  private static let longestJSON = 8 << 20

  /// - Parameters:
  ///   - contentType: the value of Content-Type.
  ///   - contentEncoding: the value of Content-Encoding.
  init(contentType: String?, contentEncoding: String?) {
    let type = contentType?.lowercased() ?? ""
    if type.hasPrefix("text/event-stream") {
      form = .stream
    } else {
      form = type.containsText("json") ? .json : .opaque
    }
    let coding = ContentCoding(contentEncoding: contentEncoding)
    decompressor = form == .opaque ? nil : coding.flatMap { Decompressor($0) }
    if coding != .identity, decompressor == nil { form = .opaque }
    collected = form == .json ? ByteBuffer(capacity: 1000) : nil
  }

  /// Whether the answer that ended was read to its end.
  var isWhole: Bool { form != .opaque && decompressor?.isComplete ?? true }

  /// - Returns: whether the bytes brought news of the prefill's progress.
  mutating func read(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let decompressor else { return readDecoded(bytes) }
    if form == .opaque { return false }
    var isProgress = false
    decompressor.read(bytes) { isProgress = readDecoded($0) || isProgress }
    return isProgress
  }

  private mutating func readDecoded(_ bytes: UnsafeRawBufferPointer) -> Bool {
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
        // Figures that stand around the text are as they were, too.
        if recorder.readAgain(data) { return }
        usage.read(data)
        recorder.read(data)
      }
      self.usage = usage
      swap(&recorder, &self.recorder)
      return usage.progress != before
    }
  }

  /// Memory that is held for the answer, what was recorded of it aside.
  var heldBytes: Int { collected?.capacity ?? 0 }

  /// The answer is complete: reads what was collected.
  mutating func finish() {
    guard form == .json, let collected else { return }
    usage.read(collected.bytes)
    recorder.read(collected.bytes)
  }
}
