/// One coding's library behind one call.
protocol StreamDecoder: AnyObject {
  /// Decodes from the front of `input`, which is moved on, into `room`, which is not empty.
  func step(_ input: inout UnsafeRawBufferPointer, _ room: UnsafeMutableRawBufferPointer)
    -> DecoderStep
  /// What was decoded so far ends where coded data may end.
  var isAtEnd: Bool { get }
}

struct DecoderStep {
  enum Outcome {
    /// All that can be known from the input so far was written.
    case needsInput
    /// There may be more output for the input so far.
    case needsRoom
    case finished
    case malformed
  }

  /// Bytes written to the room.
  var count: Int
  var outcome: Outcome
}
