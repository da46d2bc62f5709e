import Glibc

/// Where the running program is, for starting it once more.
enum ProcessPath {
  static var own: String? {
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    return String(cString: path)
  }
}
