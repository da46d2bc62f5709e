import CSystem
import Glibc
import Synchronization

/// Memory of buffers that are gone, kept for the next ones: malloc takes long over blocks of some
/// kilobytes, and what was freed a moment ago is still in the processor's caches. Buffers may be freed
/// on any thread.
public enum BufferPool {
  /// Smaller blocks are malloc's, and larger ones up to `mostAllocated`.
  static let sizes = 4_096...(4 << 20)
  /// Blocks above this are mapped: what nothing was written to takes no memory, so that the length of a
  /// body may be reserved before it arrives, and growing copies nothing.
  static let mostAllocated = 8 << 20
  private static let pageBytes = 4096
  /// What is kept at most.
  static let mostBytes = 16 << 20

  // A pointer in it belongs to nobody else.
  private struct Guarded: @unchecked Sendable {
    /// Free blocks of each class; the one freed last is taken first.
    var free: [[UnsafeMutableRawPointer]] = Array(repeating: [], count: BufferPool.classes)
    var bytes = 0
  }

  private static let state = Mutex(Guarded())

  /// 32 classes to each doubling, so that a block is at most 3 % larger than asked for; of large blocks
  /// 8, since a conversation's bodies grow, and each new class is memory that is in no cache.
  private static let steps = 5
  static let large = 256 << 10
  private static let lowest = 12
  static let classes = 10 << steps + 1

  /// The class of the smallest block that holds `count` bytes, and that block's size; nil if it is not
  /// kept here.
  static func place(_ count: Int) -> (number: Int, size: Int)? {
    guard sizes.contains(count) else { return nil }
    let last = count - 1
    let power = Int.bitWidth - 1 - last.leadingZeroBitCount
    guard power >= lowest else { return (0, sizes.lowerBound) }
    let step = last >> (power - steps) & (1 << steps - 1) | (count > large ? 3 : 0)
    return ((power - lowest) << steps + step + 1, (1 << steps + step + 1) << (power - steps))
  }

  // A sanitizer has to see every block come and go.
  #if HOLDFAST_SANITIZER
    static let isOn = false
  #else
    static let isOn = true
  #endif

  struct Block {
    fileprivate(set) var base: UnsafeMutableRawPointer
    fileprivate(set) var size: Int
    fileprivate var isMapped = false

    fileprivate init(mapped base: UnsafeMutableRawPointer, size: Int) {
      (self.base, self.size, isMapped) = (base, size, true)
    }

    fileprivate init(kept base: UnsafeMutableRawPointer, size: Int) {
      (self.base, self.size) = (base, size)
    }

    fileprivate init(size: Int) {
      (base, self.size) = (.allocate(byteCount: size, alignment: 16), size)
    }
  }

  /// A block of at least `count` bytes, which goes back with `free`.
  static func allocate(_ count: Int) -> Block {
    if isOn, count > mostAllocated, let base = csystem_map(pages(count)) {
      return Block(mapped: base, size: pages(count))
    }
    guard isOn, let (number, size) = place(count) else { return Block(size: count) }
    let kept = state.withLock { state -> UInt? in
      guard let block = state.free[number].popLast() else { return nil }
      state.bytes -= size
      return UInt(bitPattern: block)
    }
    if let kept, let base = UnsafeMutableRawPointer(bitPattern: kept) {
      return Block(kept: base, size: size)
    }
    return Block(size: size)
  }

  private static func pages(_ count: Int) -> Int {
    (count + pageBytes - 1) / pageBytes * pageBytes
  }

  /// The same block with room for `count` bytes, its bytes as far as they fit; nil if it has to be
  /// copied.
  static func resize(_ block: Block, to count: Int) -> Block? {
    let size = pages(max(count, 1))
    guard block.isMapped, let base = csystem_remap(block.base, block.size, size) else { return nil }
    return Block(mapped: base, size: size)
  }

  static func free(_ block: Block) {
    let (base, size) = (block.base, block.size)
    if block.isMapped {
      munmap(base, size)
      return
    }
    guard isOn, let (number, whole) = place(size), whole == size else {
      return base.deallocate()
    }
    let block = UInt(bitPattern: base)
    let isKept = state.withLock { state in
      guard state.bytes + size <= mostBytes, let block = UnsafeMutableRawPointer(bitPattern: block)
      else { return false }
      state.free[number].append(block)
      state.bytes += size
      return true
    }
    if !isKept { base.deallocate() }
  }

  /// Bytes that are kept for nobody.
  static var keptBytes: Int { state.withLock { $0.bytes } }

  /// Gives everything that is kept back to malloc.
  public static func empty() {
    let blocks = state.withLock { state in
      defer { state = Guarded() }
      return state.free.joined().map { UInt(bitPattern: $0) }
    }
    for block in blocks { UnsafeMutableRawPointer(bitPattern: block)?.deallocate() }
  }
}
