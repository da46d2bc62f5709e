import CSystem
import Glibc

/// The secret of an installation, beside its ledger: what credentials are hashed with.
public enum SecretFile {
  /// The secret of the ledger at `path`, made if there is none; 16 bytes. Nil if it can neither be
  /// read nor made: then nobody's sessions are known again after a restart.
  public static func secret(ofLedger path: String) -> [UInt8]? {
    let place = path + ".key"
    if let bytes = read(place) { return bytes }
    try? LedgerFile(path: path).makeDirectory()
    return make(place) ? read(place) : nil
  }

  private static let length = 16

  private static func read(_ path: String) -> [UInt8]? {
    let descriptor = csystem_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // A secret that others may read is none.
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_mode & 0o077 == 0, facts.st_uid == geteuid()
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: length + 1)
    return Glibc.read(descriptor, &bytes, bytes.count) == length ? Array(bytes.prefix(length)) : nil
  }

  /// Writes a file of its own and gives it the name at the end, so that nobody reads a part of it.
  private static func make(_ path: String) -> Bool {
    let draft = "\(path).\(getpid())"
    unlink(draft)
    let descriptor = csystem_open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    defer { unlink(draft) }
    var random = SystemRandomNumberGenerator()
    let bytes = (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
    let isWritten = write(descriptor, bytes, length) == length && fsync(descriptor) == 0
    close(descriptor)
    guard isWritten else { return false }
    // Another process may have been quicker; its secret counts.
    if link(draft, path) == 0 { return true }
    guard errno == EEXIST else { return false }
    // What stands there may also be damaged.
    return read(path) != nil || rename(draft, path) == 0
  }
}
