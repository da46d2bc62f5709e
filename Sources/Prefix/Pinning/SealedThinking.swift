import Bytes

/// Thinking that carries a signature or is encrypted: the API that made it refuses it when anything
/// of it was changed.
enum SealedThinking {
  static func isIn(_ bytes: UnsafeRawBufferPointer) -> Bool {
    findBytes("\"signature\"", in: bytes) != nil
      || findBytes("\"redacted_thinking\"", in: bytes) != nil
      || findBytes("\"encrypted_content\"", in: bytes) != nil
  }
}
