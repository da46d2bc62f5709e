/// Changes the body of one response on its way to the client. Nothing does unless it was asked for:
/// answers are relayed as they come.
public protocol ResponseEditor: AnyObject {
  /// Takes the next bytes of the body.
  /// - Parameter write: gets what the client gets for them; valid during the call.
  func edit(_ bytes: UnsafeRawBufferPointer, _ write: (UnsafeRawBufferPointer) -> Void)
  /// The body is complete: what was held back has to go.
  func finish(_ write: (UnsafeRawBufferPointer) -> Void)
}
