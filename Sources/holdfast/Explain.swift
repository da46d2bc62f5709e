import Bytes
import CSystem
import Capture
import Engine
import Glibc
import Prefix
import Prompt
import Reports
import Settings
import Turns

struct ExplainOptions {
  var files: [String]
  var json: Bool
  var onlyBreaks: Bool
  /// Set for `check`.
  var limits: Limits?

  struct Limits {
    var maxReprocessed: Int
    var minPreserved: Double
  }

  init(_ line: ParsedCommandLine) throws(UsageError) {
    files = line.arguments
    json = line.has("json")
    onlyBreaks = line.has("breaks")
    if line.command == .check {
      limits = Limits(
        maxReprocessed: try line.integer(
          "max-reprocessed", in: 0...Int.max, default: line.has("min-preserved") ? .max : 0),
        minPreserved: try line.number("min-preserved", in: 0...100, default: 0))
    }
  }
}

/// Judges captured request bodies: a directory that `--capture` wrote, one JSON object per line, or one
/// per file.
/// - Returns: 0; 1 if `check` found more than is allowed; 2 if the input cannot be read.
func explain(_ options: ExplainOptions) -> Int32 {
  let turns = OfflineTurns()
  var totals = Totals()
  func judge(_ body: ByteBuffer, _ dialect: Dialect?) {
    guard let record = turns.turn(body, dialect: dialect) else {
      totals.skipped += 1
      return
    }
    totals.add(record)
    guard !options.onlyBreaks || record.verdict.cause.isMutation else { return }
    show(record, options)
  }
  for path in options.files {
    let isCapture = CaptureReader.isDirectory(path)
    guard let text = readFile(isCapture ? CaptureReader.indexPath(path) : path) else {
      Console.error("holdfast: \(path): \(String(cString: strerror(errno)))")
      return 2
    }
    guard isCapture else {
      for body in bodies(text) { judge(body, nil) }
      continue
    }
    let capture = CaptureReader(directory: path, index: text.bytes)
    totals.skipped += capture.unreadableLines
    for entry in capture.entries {
      // Model lists, token counts and the like are no prompts.
      guard entry.method == "POST", let dialect = Dialect(path: entry.path),
        let file = entry.request
      else { continue }
      guard let body = readFile(file) else {
        Console.error("holdfast: \(file): \(String(cString: strerror(errno)))")
        return 2
      }
      judge(body, dialect)
    }
  }
  guard totals.requests > 0 else {
    Console.error("holdfast: no request body found that can be measured")
    return 2
  }
  if !options.json { Console.print(totals.text) }
  guard let limits = options.limits else { return 0 }
  return totals.keeps(limits) ? 0 : 1
}

private func show(_ record: TurnRecord, _ options: ExplainOptions) {
  if options.json {
    _ = NDJSONLine.bytes(record).withUnsafeBytes { writeAll($0, to: 1) }
    return
  }
  Console.print(TurnLine.text(record, time: "").trimmed)
  let verdict = record.verdict
  guard let position = verdict.position, verdict.cause.isMutation else { return }
  Console.print("    \(VisibleText.of(position.path))")
  if !verdict.was.isEmpty || !verdict.now.isEmpty {
    Console.print("    was: \(VisibleText.of(verdict.was))")
    Console.print("    now: \(VisibleText.of(verdict.now))")
  }
  if !verdict.detail.isEmpty { Console.print("    \(VisibleText.of(verdict.detail))") }
}

private struct Totals {
  var requests = 0
  var breaks = 0
  var skipped = 0
  var previous = 0
  var kept = 0
  var reprocessed = 0

  mutating func add(_ record: TurnRecord) {
    requests += 1
    if record.verdict.cause.isMutation { breaks += 1 }
    previous += record.previousTokens?.value ?? 0
    kept += record.previousTokens == nil ? 0 : record.keptTokens.value
    reprocessed += record.reprocessedTokens.value
  }

  var preserved: Double { previous == 0 ? 100 : Double(kept) * 100 / Double(previous) }

  var text: String {
    "\(requests) requests, \(breaks) broke the prefix, \(Humanised.percent(preserved / 100))% "
      + "preserved, ~\(Humanised.count(reprocessed)) tokens reprocessed"
      + (skipped > 0 ? ", \(skipped) bodies not measured" : "")
  }

  func keeps(_ limits: ExplainOptions.Limits) -> Bool {
    reprocessed <= limits.maxReprocessed && preserved >= limits.minPreserved
  }
}

func readFile(_ path: String) -> ByteBuffer? {
  let descriptor = csystem_open(path, O_RDONLY | O_CLOEXEC, 0)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  let buffer = ByteBuffer(capacity: 1 << 20)
  while true {
    buffer.reserve(1 << 20)
    let count = read(descriptor, buffer.vacant.baseAddress, buffer.vacant.count)
    if count < 0 {
      if errno == EINTR { continue }
      return nil
    }
    if count == 0 { return buffer }
    buffer.advance(by: count)
  }
}

/// The whole text if it is one JSON object, else each line that is not empty.
private func bodies(_ text: ByteBuffer) -> [ByteBuffer] {
  var scanner = JSONScanner(text.bytes)
  if scanner.value() != nil {
    scanner.skipWhitespace()
    if scanner.atEnd { return [text] }
  }
  return text.bytes.split(separator: 0x0A).filter { $0.count > 1 }.map { line in
    let body = ByteBuffer(capacity: line.count)
    body.append(UnsafeRawBufferPointer(rebasing: line))
    return body
  }
}

extension String {
  fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
