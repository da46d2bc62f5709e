import Glibc
public import Wire

/// A secret that clients have to show before the proxy does anything for them.
///
/// It is looked for in `x-holdfast-token`, in `Proxy-Authorization: Bearer`, and, for agents that can
/// be given nothing but an API key, in the fields for that: `Authorization: Bearer` and `x-api-key`.
/// A field that carried it is not forwarded.
public struct ClientToken: Sendable, Equatable {
  private let secret: [UInt8]

  /// Field of the proxy's own; never forwarded, whether a token is asked for or not.
  static let field: StaticString = "x-holdfast-token"
  private static let bearerFields: [StaticString] = ["proxy-authorization", "authorization"]
  private static let keyFields: [StaticString] = [field, "x-api-key"]

  public static let length = 8...256

  /// Nil if `text` is shorter or longer than `length`, or cannot be written in a field.
  public init?(_ text: String) {
    guard Self.length.contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    else { return nil }
    secret = Array(text.utf8)
  }

  /// The names of the fields that carry the token; empty if the client does not know it. Takes the
  /// same time for every wrong token of the same length.
  public func carriers(in fields: HeaderFields) -> [StaticString] {
    Self.keyFields.filter { name in fields.withFirst(name, matches) ?? false }
      + Self.bearerFields.filter { name in fields.withFirst(name, matchesBearer) ?? false }
  }

  /// The names of the fields that are for this proxy alone: its own, and those with one of `tokens`.
  static func omitted(from fields: HeaderFields, _ tokens: [ClientToken]) -> [StaticString] {
    tokens.reduce(ownFields) { $0 + $1.carriers(in: fields) }
  }

  private static let ownFields = [field]

  private func matchesBearer(_ value: UnsafeRawBufferPointer) -> Bool {
    let scheme: StaticString = "bearer "
    guard value.count > scheme.utf8CodeUnitCount, let base = value.baseAddress,
      strncasecmp(base, scheme.utf8Start, scheme.utf8CodeUnitCount) == 0
    else { return false }
    return matches(UnsafeRawBufferPointer(rebasing: value[scheme.utf8CodeUnitCount...]))
  }

  private func matches(_ value: UnsafeRawBufferPointer) -> Bool {
    guard value.count == secret.count else { return false }
    var difference: UInt8 = 0
    for (given, expected) in zip(value, secret) { difference |= given ^ expected }
    return difference == 0
  }
}
