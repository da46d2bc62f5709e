import Bytes
import CSystem
import Glibc

/// Reads what `CaptureStore` wrote. Everything in the directory is taken for input from outside.
public struct CaptureReader {
  public struct Entry: Sendable {
    var run: String
    var number: Int
    public var method: String
    /// Without its query.
    public var path: String
    var upstream: String
    /// Path of the file that holds the request's body; nil if it had none.
    public var request: String?
  }

  /// In the order in which the requests arrived, run after run.
  public let entries: [Entry]
  /// Lines of the index that cannot be understood.
  public let unreadableLines: Int

  /// Whether `path` is a directory; then it is taken for a capture.
  public static func isDirectory(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0 && facts.st_mode & S_IFMT == S_IFDIR
  }

  /// Path of the index in a capture directory.
  public static func indexPath(_ directory: String) -> String {
    directory + "/" + CaptureIndex.fileName
  }

  /// - Parameter index: the contents of the file at `indexPath`.
  public init(directory: String, index: UnsafeRawBufferPointer) {
    var entries: [Entry] = []
    var unreadable = 0
    for line in index.split(separator: 0x0A) {
      if let entry = Self.entry(UnsafeRawBufferPointer(rebasing: line), directory) {
        entries.append(entry)
      } else {
        unreadable += 1
      }
    }
    self.entries = entries.sorted { ($0.run, $0.number) < ($1.run, $1.number) }
    unreadableLines = unreadable
  }

  private static func entry(_ line: UnsafeRawBufferPointer, _ directory: String) -> Entry? {
    guard let value = JSONValue(line), let run = value["run"]?.string,
      let number = value["number"]?.integer, let method = value["method"]?.string,
      let target = value["target"]?.string
    else { return nil }
    var request: String?
    if let name = value["request"]?.string {
      // A name from the index must not lead out of the directory.
      guard !name.isEmpty, !name.hasPrefix("."), !name.utf8.contains(UInt8(ascii: "/")) else {
        return nil
      }
      request = directory + "/" + name
    }
    let path = target.utf8.firstIndex(of: UInt8(ascii: "?")).map { String(target[..<$0]) }
    return Entry(
      run: run, number: number, method: method, path: path ?? target,
      upstream: value["upstream"]?.string ?? "", request: request)
  }
}
