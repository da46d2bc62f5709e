public import Bytes

/// What a chat template can see of a block: escapes decoded, white space between tokens gone, cache
/// markers masked, one text part like a string.
public enum RenderedForm {
  public static func digest(_ value: JSONValue) -> Digest { CanonicalForm.rendered.digest(value) }

  /// nil if the bytes are no JSON value that can be read.
  public static func digest(_ bytes: UnsafeRawBufferPointer) -> Digest? {
    CanonicalForm.rendered.digest(bytes)
  }
}
