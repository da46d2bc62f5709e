import Glibc

/// A path in a directory of its own, removed with everything in it at the end.
final class TemporaryFile {
  struct Failure: Error { var code: Int32 }

  private let directory: String
  let path: String

  /// - Parameter contents: written to the file; nil leaves it to whoever uses the path.
  init(_ contents: String? = nil) throws {
    var template = Array("/tmp/holdfast-tests-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Failure(code: errno) }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    path = directory + "/file"
    guard let contents else { return }
    guard let file = fopen(path, "w") else { throw Failure(code: errno) }
    defer { fclose(file) }
    guard fputs(contents, file) >= 0 else { throw Failure(code: errno) }
  }

  deinit {
    unlink(path)
    rmdir(directory)
  }

  /// Empty if there is no file.
  var text: String { readText(path) ?? "" }

  /// Permission bits; nil if there is no file.
  var mode: UInt32? {
    var facts = stat()
    return stat(path, &facts) == 0 ? facts.st_mode & 0o777 : nil
  }
}

/// The whole file as text; nil if it cannot be read.
func readText(_ path: String) -> String? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    if count == 0 { return String(decoding: text, as: UTF8.self) }
    text += buffer[..<count]
  }
}
