import Glibc

/// Keeps what libraries write to standard error away from the screen: it goes to a file, whose end is
/// shown when the screen is given back.
final class ErrorCapture {
  private static let tailBytes = 8_192

  /// Where standard error goes meanwhile.
  let file: Int32
  /// The real standard error.
  let saved: Int32

  /// nil if there is no place for the file; standard error then stays as it is.
  init?() {
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var path = Array("\(folder)/holdfast-errors-XXXXXX".utf8CString)
    // Nobody needs the name: the file lives as long as it is open.
    let file = path.withUnsafeMutableBufferPointer { name -> Int32 in
      guard let base = name.baseAddress else { return -1 }
      let file = mkstemp(base)
      if file >= 0 { unlink(base) }
      return file
    }
    guard file >= 0 else { return nil }
    let saved = fcntl(2, F_DUPFD_CLOEXEC, 10)
    guard saved >= 0 else {
      close(file)
      return nil
    }
    self.file = file
    self.saved = saved
    dup2(file, 2)
  }

  /// Gives standard error back.
  /// - Returns: the last lines that were written to it.
  func end() -> String {
    dup2(saved, 2)
    close(saved)
    let length = lseek(file, 0, SEEK_END)
    let start = max(0, length - ErrorCapture.tailBytes)
    var bytes = [UInt8](repeating: 0, count: Int(max(0, length - start)))
    let got = bytes.withUnsafeMutableBytes { pread(file, $0.baseAddress, $0.count, start) }
    close(file)
    guard got > 0 else { return "" }
    return String(decoding: bytes.prefix(got), as: UTF8.self)
  }
}
