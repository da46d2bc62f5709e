import EventLoop

/// What happens to the memory of bodies between requests: it is kept while requests follow each
/// other, because fresh memory costs a page fault for every 4 KiB (more than the copying does), and
/// given back to the system once nothing has happened for a while.
final class FreedMemory {
  private let loop: Loop
  private var timer: Timer?
  private var bytes = 0
  private var lastUse: UInt64 = 0

  /// Less than this is not worth looking for.
  private static let worthwhileBytes = 32 << 20
  private static let idleMillis: UInt64 = 5_000

  /// Changes the allocator's thresholds for the whole process.
  init(loop: Loop) {
    self.loop = loop
    Allocator.keepFreedMemory()
  }

  /// `count` bytes of bodies will be freed sooner or later.
  func use(_ count: Int) {
    bytes = bytes &+ count
    lastUse = loop.nowMillis
    if bytes < FreedMemory.worthwhileBytes { return }
    let timer = timer ?? Timer(loop: loop) { [unowned self] in giveBack() }
    self.timer = timer
    if !timer.isActive { timer.start(afterMillis: FreedMemory.idleMillis) }
  }

  private func giveBack() {
    let idle = loop.nowMillis - lastUse
    if idle < FreedMemory.idleMillis {
      timer?.start(afterMillis: FreedMemory.idleMillis - idle)
    } else {
      bytes = 0
      Allocator.returnFreedMemory()
    }
  }

  func close() {
    timer?.close()
    timer = nil
  }
}
