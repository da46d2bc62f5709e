import Bytes
import CUV

/// What malloc does with freed memory, for the whole process.
public enum Allocator {
  /// Keeps up to 128 MiB of freed memory instead of giving it back at once: fresh memory costs a
  /// page fault for every 4 KiB, which is more than filling it does.
  public static func keepFreedMemory() { _ = isKept }

  // 32 MiB is the largest block that malloc may be told to take from its heap.
  private static let isKept = cuv_keep_freed_memory(128 << 20, 32 << 20) == 1

  /// Gives all freed pages back to the system. Takes some milliseconds if there are many.
  public static func returnFreedMemory() {
    BufferPool.empty()
    cuv_return_freed_memory()
  }
}
