/// A coding of RFC 9110 section 8.4.1, RFC 7932 (br) or RFC 9659 (zstd).
public enum ContentCoding: Sendable, Equatable {
  case identity, gzip, deflate, brotli, zstd

  /// - Parameter contentEncoding: the value of Content-Encoding; nil without that field.
  /// - Returns: nil for a coding that is not known, and for several on top of each other.
  public init?(contentEncoding: String?) {
    guard let contentEncoding else {
      self = .identity
      return
    }
    var found: ContentCoding?
    for part in contentEncoding.split(separator: ",") {
      let name = part.filter { $0 != " " && $0 != "\t" }.lowercased()
      if name.isEmpty || name == "identity" { continue }
      guard found == nil, let coding = Self.named(name) else { return nil }
      found = coding
    }
    self = found ?? .identity
  }

  private static func named(_ name: String) -> ContentCoding? {
    switch name {
    case "gzip", "x-gzip": .gzip
    case "deflate": .deflate
    case "br": .brotli
    case "zstd": .zstd
    default: nil
    }
  }
}
