/// Why a directory cannot take captured exchanges (any more).
public enum CaptureError: Error, Equatable, Sendable {
  /// A system call on this path failed with this error number.
  case failed(path: String, code: Int32)
  /// Others than its owner may write to the directory, or somebody else owns it.
  case notPrivate(path: String)
  /// All that may be written has been.
  case full(path: String, maxBytes: Int)
}
