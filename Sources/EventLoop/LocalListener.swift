import CUV
import Glibc

/// Why a path cannot be listened on.
public enum LocalSocketError: Error, Sendable, Equatable {
  /// Somebody answers there.
  case inUse
  /// There is a file that is no socket.
  case notASocket
  case failed(UVError)
}

/// A listening local (Unix domain) socket, for its owner only. Its connections are `TCPStream`s:
/// what those do to a connected socket is the same for both kinds.
public final class LocalListener {
  let path: String
  private let acceptor: Acceptor
  /// Tells our own file from one that took its place.
  private let identity: FileIdentity?

  /// A path where nobody listens any more is taken over; one where somebody does never is.
  public init(
    loop: Loop, path: String, _ accept: @escaping (TCPStream) -> Void
  ) throws(LocalSocketError) {
    self.path = path
    // Two processes that start at once must not both find the same path abandoned.
    let directory = try DirectoryLock(of: path)
    defer { directory.release() }
    try LocalListener.clear(path)
    let descriptor = cuv_local_listener(path, 64)
    guard descriptor >= 0 else { throw .failed(UVError(.bind, descriptor)) }
    identity = FileIdentity(path)
    do throws(UVError) {
      acceptor = try Acceptor(loop: loop, descriptor: descriptor, accept)
    } catch {
      unlink(path)
      throw .failed(error)
    }
  }

  deinit { close() }

  /// Whether a process listens at `path`.
  public static func isAnswering(_ path: String) -> Bool {
    let descriptor = cuv_local_connect(path)
    if descriptor >= 0 { Glibc.close(descriptor) }
    return descriptor >= 0 || descriptor == UV_EAGAIN.rawValue
  }

  /// Removes the socket at `path` if nobody listens there any more.
  public static func removeIfAbandoned(_ path: String) {
    guard let directory = try? DirectoryLock(of: path) else { return }
    defer { directory.release() }
    try? clear(path)
  }

  private static func clear(_ path: String) throws(LocalSocketError) {
    var facts = stat()
    guard lstat(path, &facts) == 0 else { return }
    guard facts.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket }
    let descriptor = cuv_local_connect(path)
    switch descriptor {
    case 0...:
      Glibc.close(descriptor)
      throw .inUse
    case UV_ECONNREFUSED.rawValue: unlink(path)
    case UV_ENOENT.rawValue: break
    // A queue that is full belongs to somebody, too.
    case UV_EAGAIN.rawValue: throw .inUse
    default: throw .failed(UVError(.connect, descriptor))
    }
  }

  /// Stops listening and removes the path, if it is still the one that was made.
  public func close() {
    acceptor.close()
    if let identity, FileIdentity(path) == identity { unlink(path) }
  }
}

extension TCPStream {
  /// Connects to a local socket, which succeeds or fails at once.
  public static func connected(loop: Loop, path: String) throws(UVError) -> TCPStream {
    let descriptor = cuv_local_connect(path)
    try UVError.check(.connect, descriptor)
    return try TCPStream(loop: loop, descriptor: descriptor)
  }
}

private struct FileIdentity: Equatable {
  var device: dev_t
  var inode: ino_t

  init?(_ path: String) {
    var facts = stat()
    guard lstat(path, &facts) == 0 else { return nil }
    device = facts.st_dev
    inode = facts.st_ino
  }
}

/// Holds off other processes that want to listen in the same directory.
private struct DirectoryLock {
  private let descriptor: Int32

  init(of path: String) throws(LocalSocketError) {
    let slash = path.lastIndex(of: "/")
    let directory = slash.map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    descriptor = cuv_open_directory(directory)
    guard descriptor >= 0 else { throw .failed(UVError(.bind, descriptor)) }
    // Held for as long as a bind takes. Anybody who can read a directory can lock it, so that
    // waiting for the lock has an end.
    var attempts = 0
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0, attempts < 200 {
      attempts += 1
      usleep(10_000)
    }
  }

  func release() { Glibc.close(descriptor) }
}
