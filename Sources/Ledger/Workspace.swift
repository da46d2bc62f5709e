import CSystem
import Glibc

/// Finds the project that a directory belongs to. The naming itself is `WorkspaceID`.
public enum Workspace {
  /// The id for the current directory; nil if that cannot be read.
  public static func current() -> String? {
    guard let path = getcwd(nil, 0) else { return nil }
    defer { free(path) }
    return id(directory: String(cString: path))
  }

  /// - Parameter directory: an absolute path.
  static func id(directory: String) -> String {
    var place = Substring(directory)
    while true {
      if let configuration = gitConfiguration(in: String(place)) {
        let remote = read(configuration).flatMap(WorkspaceID.remote(inGitConfiguration:))
        return remote.map(WorkspaceID.of(remote:)) ?? WorkspaceID.of(directory: String(place))
      }
      guard let slash = place.lastIndex(of: "/") else { break }
      place = place[..<slash]
    }
    return WorkspaceID.of(directory: directory)
  }

  /// Path of the configuration of the repository whose top is `directory`; nil if it is none.
  private static func gitConfiguration(in directory: String) -> String? {
    let git = directory + "/.git"
    if access(git + "/config", R_OK) == 0 { return git + "/config" }
    // In a linked working tree or a submodule, `.git` is a file that says where the repository is.
    guard let text = read(git), text.hasPrefix("gitdir:") else { return nil }
    let target = absolute(trimmed(text.dropFirst(7)), from: directory)
    let common = read(target + "/commondir").map { absolute(trimmed($0[...]), from: target) }
    return (common ?? target) + "/config"
  }

  private static func absolute(_ path: String, from directory: String) -> String {
    path.hasPrefix("/") ? path : directory + "/" + path
  }

  private static func trimmed(_ text: Substring) -> String {
    var text = text.drop { $0.isWhitespace }
    while let last = text.last, last.isWhitespace { text.removeLast() }
    return String(text)
  }

  /// At most 64 KB of a file.
  private static func read(_ path: String) -> String? {
    let descriptor = csystem_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 65_536)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { buffer in
        Glibc.read(descriptor, buffer.baseAddress.map { $0 + filled }, buffer.count - filled)
      }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { break }
      filled += count
    }
    return String(decoding: bytes[..<filled], as: UTF8.self)
  }
}
