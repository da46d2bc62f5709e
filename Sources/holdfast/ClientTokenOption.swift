import Bytes
import Glibc
import Proxy
import Settings

/// `--client-token`, which may name a file, where the list of processes must not show the token.
enum ClientTokenOption {
  static func token(_ line: ParsedCommandLine) throws(UsageError) -> ClientToken? {
    guard let value = line.last("client-token") else { return nil }
    let text = value.first == "@" ? try contents(String(value.dropFirst())) : value
    guard let token = ClientToken(text) else {
      let range = ClientToken.length
      throw .badValue(
        option: "client-token", value: "***",
        expected: "a token of \(range.lowerBound) to \(range.upperBound) visible ASCII characters")
    }
    return token
  }

  /// The file's text without white space around it.
  private static func contents(_ path: String) throws(UsageError) -> String {
    guard let buffer = readFile(path) else {
      throw .badValue(
        option: "client-token", value: "@" + path,
        expected: "a file that can be read: \(String(cString: strerror(errno)))")
    }
    let space: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    let bytes = buffer.bytes.drop { space.contains($0) }
    let end = bytes.lastIndex { !space.contains($0) }.map { $0 + 1 } ?? bytes.startIndex
    return String(decoding: bytes[..<end], as: UTF8.self)
  }
}
