import EventLoop

/// Upstreams that are reached without a forward proxy: the value of `no_proxy`, a list with commas
/// or blanks between its entries, and always this machine.
///
/// `example.com` and `.example.com` mean the name and all below it, `10.0.0.0/8` a network, an
/// address itself, `*` everything; a port behind any of them restricts it to that port.
struct NoProxyList: Sendable {
  private struct Entry {
    var name: String
    var port: Int?
    var network: (address: [UInt8], bits: Int)?
  }

  private let entries: [Entry]

  init(_ text: String) {
    entries = text.split { ", \t".contains($0) }.map { NoProxyList.entry($0.lowercased()) }
  }

  private static func entry(_ text: String) -> Entry {
    var name = Substring(text)
    var port: Int?
    if let colon = name.lastIndex(of: ":"),
      name.hasPrefix("[") ? name[..<colon].hasSuffix("]") : name.firstIndex(of: ":") == colon,
      let number = Int(name[name.index(after: colon)...])
    {
      port = number
      name = name[..<colon]
    }
    let parts = name.split(separator: "/", maxSplits: 1)
    var network: (address: [UInt8], bits: Int)?
    if let first = parts.first, let address = try? SocketAddress(ip: String(first), port: 0) {
      let bits = parts.count == 2 ? Int(parts[1]) : address.bytes.count * 8
      network = bits.map { (address.bytes, $0) }
    }
    if name.hasPrefix("*.") { name = name.dropFirst(1) }
    if name.hasPrefix(".") { name = name.dropFirst(1) }
    return Entry(name: String(name), port: port, network: network)
  }

  func contains(host: String, port: Int) -> Bool {
    var host = host.lowercased()
    if host.hasSuffix(".") { host.removeLast() }
    let address = try? SocketAddress(ip: host, port: 0)
    if host == "localhost" || host.hasSuffix(".localhost") || address?.isLoopback == true {
      return true
    }
    return entries.contains { entry in
      if let wanted = entry.port, wanted != port { return false }
      if entry.name == "*" { return true }
      if let address {
        guard let (network, bits) = entry.network else { return false }
        return address.bytes.shares(bits, with: network)
      }
      return !entry.name.isEmpty && (host == entry.name || host.hasSuffix("." + entry.name))
    }
  }
}

extension [UInt8] {
  /// Whether the first `bits` bits are those of `other`, which is as long.
  fileprivate func shares(_ bits: Int, with other: [UInt8]) -> Bool {
    guard count == other.count, (0...count * 8).contains(bits) else { return false }
    let whole = bits / 8
    guard prefix(whole) == other.prefix(whole) else { return false }
    return bits % 8 == 0 || (self[whole] ^ other[whole]) >> UInt8(8 - bits % 8) == 0
  }
}
