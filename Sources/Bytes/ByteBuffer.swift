import Glibc

/// One heap allocation with a fill mark. Whoever fills it is its only writer; once it is handed on
/// it is read-only for everybody. Owned by reference, freed with the last one.
public final class ByteBuffer {
  private var block: BufferPool.Block
  /// Start of the allocation; valid for `capacity` bytes.
  public var base: UnsafeMutableRawPointer { block.base }
  public var capacity: Int { block.size }
  /// How many bytes from the start are filled.
  public private(set) var count: Int = 0

  public init(capacity: Int) {
    block = BufferPool.allocate(max(capacity, 16))
  }

  public convenience init(_ bytes: some Sequence<UInt8>) {
    self.init(copying: Array(bytes))
  }

  public convenience init(copying bytes: [UInt8]) {
    self.init(capacity: bytes.count)
    bytes.withUnsafeBytes { append($0) }
  }

  deinit { BufferPool.free(block) }

  /// The filled part. Valid while the buffer lives and nothing is appended.
  @inline(__always)
  public var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: base, count: count)
  }

  /// The part that is not filled yet. After writing into its front, call `advance(by:)`.
  public var vacant: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base + count, count: capacity - count)
  }

  public func advance(by written: Int) {
    precondition(written >= 0 && written <= capacity - count, "wrote past the end of a buffer")
    count += written
  }

  public func append(_ source: UnsafeRawBufferPointer) {
    reserve(source.count)
    if let start = source.baseAddress, source.count > 0 {
      memcpy(base + count, start, source.count)
      count += source.count
    }
  }

  public func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  func append(byte: UInt8) {
    reserve(1)
    base.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
    count += 1
  }

  /// Makes room for `extra` more bytes; grows by half at least, so that appending is linear overall.
  public func reserve(_ extra: Int) {
    guard count + extra > capacity else { return }
    let grown = max(count + extra, capacity + capacity / 2)
    if let resized = BufferPool.resize(block, to: grown) {
      block = resized
      return
    }
    let moved = BufferPool.allocate(grown)
    memcpy(moved.base, base, count)
    BufferPool.free(block)
    block = moved
  }

  /// Gives back what a large buffer has not filled.
  public func trim() {
    if let resized = BufferPool.resize(block, to: count) { block = resized }
  }

  /// Drops the first `n` filled bytes.
  public func removeFirst(_ n: Int) {
    precondition(n >= 0 && n <= count, "removed more bytes than there are")
    memmove(base, base + n, count - n)
    count -= n
  }

  public func removeAll() { count = 0 }

  public func string(_ range: Range<Int>) -> String {
    String(decoding: bytes[range.clamped(to: 0..<count)], as: UTF8.self)
  }
}
