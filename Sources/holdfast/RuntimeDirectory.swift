import CSystem
import Glibc

/// Where the sockets of running proxies are: a directory that only its owner can look into.
enum RuntimeDirectory {
  struct Fault: Error {
    var text: String
  }

  /// `$XDG_RUNTIME_DIR/holdfast`, else `/tmp/holdfast-UID`. A relative XDG_RUNTIME_DIR is not valid
  /// and ignored, as its specification says.
  static var path: String {
    if let runtime = getenv("XDG_RUNTIME_DIR").map({ String(cString: $0) }),
      runtime.hasPrefix("/")
    {
      return runtime + "/holdfast"
    }
    return "/tmp/holdfast-\(geteuid())"
  }

  /// The directory, made if it is missing.
  static func make() throws(Fault) -> String {
    let path = path
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      throw Fault(text: "\(path): \(String(cString: strerror(errno)))")
    }
    try check(path)
    return path
  }

  /// In a place where everybody may write, somebody else may have been there first.
  private static func check(_ path: String) throws(Fault) {
    var facts = stat()
    guard lstat(path, &facts) == 0 else {
      throw Fault(text: "\(path): \(String(cString: strerror(errno)))")
    }
    guard facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid(),
      facts.st_mode & 0o077 == 0
    else {
      throw Fault(text: "\(path) is not a directory that belongs to you alone")
    }
  }

  /// Paths of the sockets in it, by name.
  static func sockets() -> [String] {
    let path = path
    guard (try? check(path)) != nil, let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var found: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".sock") { found.append(path + "/" + name) }
    }
    return found.sorted()
  }
}
