import EventLoop
import Wire

extension SocketAddress {
  /// Whether a connection to `url` would arrive at this listening address, as far as that can be told
  /// without looking names up; the rest is found by the mark in Via, and answered 508.
  func receives(from url: UpstreamURL) -> Bool {
    guard port == url.port, port != 0 else { return false }
    let isAny = bytes.allSatisfy { $0 == 0 }
    if url.host == "localhost" { return isLoopback || isAny }
    guard let other = try? SocketAddress(ip: url.host, port: url.port) else { return false }
    return other == self || (isAny && (other.isLoopback || other.bytes.allSatisfy { $0 == 0 }))
  }
}
