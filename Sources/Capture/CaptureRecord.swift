import Bytes

/// One exchange on its way to the files, without credentials in its heads. The buffers are complete
/// when it is made, and nobody writes to them any more.
public struct CaptureRecord: @unchecked Sendable {
  /// Number of the request within the run, in the order of arrival, from 1.
  var number = 0
  /// Milliseconds since 1970.
  var startedAt: Int64 = 0
  var totalMillis = 0
  var upstream = ""
  var method = ""
  var target = ""
  var requestFields: [(name: String, value: String)] = []
  /// The agent's own bytes.
  var request: ByteBuffer
  /// What was sent instead; empty if that was `request`.
  var forwarded: [ByteSlice] = []
  /// The upstream refused `forwarded`, and the agent's own body was sent after it, less what was added
  /// to it by the proxy.
  var isRetried = false
  /// nil if no response came.
  var status: Int?
  var responseFields: [(name: String, value: String)] = []
  /// The body as the upstream sent it: without transfer coding, with its content coding.
  var response = ByteBuffer(capacity: 0)
  /// More of the response went by than was kept.
  var isResponseCut = false
  /// complete, failed, truncated or aborted.
  var outcome = ""
  var failure: String?

  init(request: ByteBuffer) { self.request = request }

  /// Memory that waiting for the file costs.
  public var byteCount: Int {
    request.count + forwarded.reduce(0) { $0 + $1.count } + response.capacity
  }
}
