import CUV
import Glibc

/// An IP address and a port.
public struct SocketAddress: Sendable, Equatable, Hashable {
  private enum Host: Sendable, Hashable {
    /// Network byte order, as in `in_addr`.
    case v4(UInt32)
    case v6(UInt64, UInt64, scope: UInt32)
  }

  private let host: Host
  public let port: Int

  /// `ip` is an IPv4 or IPv6 literal, the latter with or without brackets. Port 0 asks the system
  /// for a free one when listening.
  public init(ip: String, port: Int) throws(UVError) {
    guard (0...65535).contains(port) else { throw UVError(.address, UV_EINVAL.rawValue) }
    var text = ip[...]
    if text.first == "[", text.last == "]" { text = text.dropFirst().dropLast() }
    self.port = port
    var four = sockaddr_in()
    var six = sockaddr_in6()
    if uv_ip4_addr(String(text), Int32(port), &four) == 0 {
      host = .v4(four.sin_addr.s_addr)
    } else if uv_ip6_addr(String(text), Int32(port), &six) == 0 {
      host = SocketAddress.host(six)
    } else {
      throw UVError(.address, UV_EINVAL.rawValue)
    }
  }

  /// Nil for address families other than IPv4 and IPv6.
  init?(_ address: UnsafePointer<sockaddr>) {
    let raw = UnsafeRawPointer(address)
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      let four = raw.loadUnaligned(as: sockaddr_in.self)
      host = .v4(four.sin_addr.s_addr)
      port = Int(UInt16(bigEndian: four.sin_port))
    case AF_INET6:
      let six = raw.loadUnaligned(as: sockaddr_in6.self)
      host = SocketAddress.host(six)
      port = Int(UInt16(bigEndian: six.sin6_port))
    default:
      return nil
    }
  }

  private static func host(_ six: sockaddr_in6) -> Host {
    withUnsafeBytes(of: six.sin6_addr) { bytes in
      .v6(
        bytes.loadUnaligned(as: UInt64.self),
        bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self), scope: six.sin6_scope_id)
    }
  }

  private init(host: Host, port: Int) {
    self.host = host
    self.port = port
  }

  func withPort(_ port: Int) -> SocketAddress { SocketAddress(host: host, port: port) }

  var isIPv6: Bool {
    if case .v6 = host { return true }
    return false
  }

  public var isLoopback: Bool {
    switch host {
    case .v4(let address): return UInt32(bigEndian: address) >> 24 == 127
    case .v6(let high, let low, _):
      let low = UInt64(bigEndian: low)
      if high != 0 { return false }
      // ::1, or an IPv4 loopback address mapped into IPv6
      return low == 1 || low >> 24 == 0x0000_ffff_7f
    }
  }

  /// The address in network byte order: 4 or 16 bytes.
  public var bytes: [UInt8] {
    switch host {
    case .v4(let address): withUnsafeBytes(of: address) { Array($0) }
    case .v6(let high, let low, _):
      withUnsafeBytes(of: high) { Array($0) } + withUnsafeBytes(of: low) { Array($0) }
    }
  }

  /// The address without the port.
  var ip: String {
    var text = [CChar](repeating: 0, count: 64)
    _ = withSockaddr { address, _ in uv_ip_name(address, &text, text.count) }
    return String(
      decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  func withSockaddr<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    switch host {
    case .v4(let address):
      var four = sockaddr_in()
      four.sin_family = sa_family_t(AF_INET)
      four.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
      four.sin_addr.s_addr = address
      return withUnsafePointer(to: &four) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    case .v6(let high, let low, let scope):
      var six = sockaddr_in6()
      six.sin6_family = sa_family_t(AF_INET6)
      six.sin6_port = UInt16(truncatingIfNeeded: port).bigEndian
      six.sin6_scope_id = scope
      withUnsafeMutableBytes(of: &six.sin6_addr) { bytes in
        bytes.storeBytes(of: high, as: UInt64.self)
        bytes.storeBytes(of: low, toByteOffset: 8, as: UInt64.self)
      }
      return withUnsafePointer(to: &six) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
        }
      }
    }
  }
}

extension SocketAddress: CustomStringConvertible {
  /// `127.0.0.1:8089`, `[::1]:80`.
  public var description: String { isIPv6 ? "[\(ip)]:\(port)" : "\(ip):\(port)" }
}
