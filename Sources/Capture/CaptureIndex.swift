import Bytes

/// The index of a capture directory: one JSON object per line and exchange, in the order in which
/// they ended. Bodies are files of their own beside it, byte for byte as they went by.
enum CaptureIndex {
  static let fileName = "index.ndjson"

  /// Files of one exchange; nil where there is nothing to keep.
  struct Files {
    var request: String?
    var forwarded: String?
    var response: String?
  }

  static func line(_ record: CaptureRecord, run: String, _ files: Files, dropped: Int) -> [UInt8] {
    var line = JSONObjectWriter()
    line.add("run", run)
    line.add("number", record.number)
    line.add("ts_ms", Int(record.startedAt))
    line.add("total_ms", record.totalMillis)
    line.add("upstream", record.upstream)
    line.add("method", record.method)
    line.add("target", CredentialFields.masked(record.target))
    line.add("request_headers", objects: record.requestFields.map(field))
    line.add("request", files.request)
    line.add("request_bytes", record.request.count)
    line.add("forwarded", files.forwarded)
    line.add("retried", record.isRetried)
    line.add("status", record.status)
    line.add("response_headers", objects: record.responseFields.map(field))
    line.add("response", files.response)
    line.add("response_bytes", record.response.count)
    line.add("response_cut", record.isResponseCut)
    line.add("outcome", record.outcome)
    line.add("failure", record.failure.map(CredentialFields.masked))
    line.add("dropped_before", dropped)
    return line.finish() + [0x0A]
  }

  private static func field(_ field: (name: String, value: String)) -> [UInt8] {
    var pair = JSONObjectWriter()
    pair.add("name", field.name)
    pair.add("value", CredentialFields.masked(field.value))
    return pair.finish()
  }
}
