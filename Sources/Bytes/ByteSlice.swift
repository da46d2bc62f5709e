/// A range of a shared buffer. Keeps the buffer alive; the bytes must not change any more.
public struct ByteSlice {
  public let buffer: ByteBuffer
  public let range: Range<Int>

  public init(_ buffer: ByteBuffer, _ range: Range<Int>) {
    precondition(
      range.lowerBound >= 0 && range.upperBound <= buffer.count, "slice outside of its buffer")
    self.buffer = buffer
    self.range = range
  }

  public init(_ buffer: ByteBuffer) { self.init(buffer, 0..<buffer.count) }

  public var count: Int { range.count }

  /// Valid while the slice lives.
  @inline(__always)
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: buffer.bytes[range])
  }

  public func dropFirst(_ n: Int) -> ByteSlice {
    ByteSlice(buffer, min(range.lowerBound + n, range.upperBound)..<range.upperBound)
  }
}
