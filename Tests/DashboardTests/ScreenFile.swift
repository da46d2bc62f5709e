import Glibc

/// Screens as text files next to the tests. With HOLDFAST_RECORD_SCREENS set they are written instead
/// of read, for a person to look at the difference.
enum ScreenFile {
  private static let folder: String = {
    let file = #filePath
    return file[..<(file.lastIndex(of: "/") ?? file.startIndex)] + "/Screens"
  }()

  static var isRecording: Bool { getenv("HOLDFAST_RECORD_SCREENS") != nil }

  static func read(_ name: String) -> String? { readFile("\(folder)/\(name).screen") }

  static func readFile(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&part, 1, part.count, file)
      if count == 0 { break }
      bytes += part.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  static func write(_ name: String, _ text: String) {
    mkdir(folder, 0o755)
    _ = writeFile("\(folder)/\(name).screen", text)
  }

  static func writeFile(_ path: String, _ text: String) -> Bool {
    guard let file = fopen(path, "w") else { return false }
    defer { fclose(file) }
    return fputs(text, file) >= 0
  }
}
