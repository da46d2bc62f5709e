import Glibc

/// A directory of its own.
struct ScratchFolder {
  let path: String

  /// Nil if none can be made.
  init?() {
    var folder = Array("/tmp/holdfast-bench-XXXXXX".utf8CString)
    guard mkdtemp(&folder) != nil else { return nil }
    path = String(decoding: folder.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Removes it and the files in it.
  func remove() {
    if let open = opendir(path) {
      defer { closedir(open) }
      while let entry = readdir(open) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        // Fails for the two directories among them.
        unlink(path + "/" + name)
      }
    }
    rmdir(path)
  }
}
