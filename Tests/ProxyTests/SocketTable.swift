import Glibc

/// What the system says of TCP connections (proc(5), /proc/net/tcp).
enum SocketTable {
  /// What was written to established connections to `port`, and not acknowledged.
  static func unacknowledgedBytes(toPort port: Int) -> Int? {
    guard let file = fopen("/proc/net/tcp", "re") else { return nil }
    defer { fclose(file) }
    var sum = 0
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let bytes = line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
      let text = String(decoding: bytes, as: UTF8.self)
      // Number, local and remote address, state, and the lengths of both queues.
      let fields = text.split(separator: " ")
      guard fields.count > 4, fields[3] == "01",
        fields[2].split(separator: ":").last.flatMap({ Int($0, radix: 16) }) == port
      else { continue }
      sum += fields[4].split(separator: ":").first.flatMap { Int($0, radix: 16) } ?? 0
    }
    return sum
  }
}
