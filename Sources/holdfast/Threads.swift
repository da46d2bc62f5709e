import CSystem
import Glibc

/// A thread that runs one closure. Joined, never detached.
final class Thread {
  private var handle = pthread_t()

  /// - Parameter name: at most 15 characters, shown by `top -H`.
  /// - Throws: if the system gives no more threads.
  init(name: String, _ body: @escaping @Sendable () -> Void) throws(FileError) {
    let start = Start(body: body)
    let context = Unmanaged.passRetained(start)
    let code = pthread_create(&handle, nil, threadMain, context.toOpaque())
    guard code == 0 else {
      context.release()
      throw FileError(path: "\(name) thread", code: code)
    }
    _ = csystem_name_thread(handle, name)
  }

  func join() { pthread_join(handle, nil) }

  fileprivate final class Start: Sendable {
    let body: @Sendable () -> Void
    init(body: @escaping @Sendable () -> Void) { self.body = body }
  }
}

private func threadMain(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let context else { return nil }
  let start = Unmanaged<Thread.Start>.fromOpaque(context).takeRetainedValue()
  // Signals are handled by the loop thread alone.
  var all = sigset_t()
  sigfillset(&all)
  for fault in [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT] { sigdelset(&all, fault) }
  pthread_sigmask(SIG_BLOCK, &all, nil)
  start.body()
  return nil
}
