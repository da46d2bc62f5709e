import Bytes
import Prefix
import Wire

/// Takes credentials out of heads before they are written down.
enum CredentialFields {
  private static let names: Set<String> = [
    "authorization", "proxy-authorization", "x-holdfast-token", "x-api-key", "api-key",
    "x-goog-api-key", "ocp-apim-subscription-key", "x-auth-token", "x-access-token",
    "x-amz-security-token", "x-csrf-token", "cookie", "set-cookie", "www-authenticate",
    "proxy-authenticate", "authentication-info",
  ]
  /// Names of query parameters, in lower case.
  private static let parameters: Set<String> = [
    "key", "api_key", "api-key", "apikey", "token", "access_token", "auth", "auth_token", "sig",
    "signature", "code", "secret", "client_secret", "password", "pass", "x-amz-signature",
    "x-amz-security-token", "x-amz-credential", "subscription-key",
  ]

  /// The fields in order, with the values of those that carry credentials replaced. Cheap enough for
  /// the loop thread; `masked` does the rest elsewhere.
  static func withoutCredentials(_ fields: HeaderFields) -> [(name: String, value: String)] {
    var lines: [(String, String)] = []
    fields.forEach { name, value in
      let name = String(decoding: name, as: UTF8.self)
      let isCredential = names.contains(name.lowercased())
      lines.append((name, isCredential ? SecretMask.mask : String(decoding: value, as: UTF8.self)))
    }
    return lines
  }

  /// A field's value without user information in URLs, tokens in queries and known forms of secrets.
  static func masked(_ value: String) -> String {
    SecretMask.masked(withoutTokens(withoutUserInfo(value)))
  }

  private static func withoutUserInfo(_ text: String) -> String {
    var out = Substring()
    var rest = Substring(text)
    while let mark = rest.firstIndex(of: ":"), rest[mark...].hasPrefix("://") {
      let start = rest.index(mark, offsetBy: 3)
      let end = rest[start...].firstIndex { "/?# \t,;\"".contains($0) } ?? rest.endIndex
      out += rest[..<start]
      if let at = rest[start..<end].lastIndex(of: "@") {
        out += SecretMask.mask + rest[at..<end]
      } else {
        out += rest[start..<end]
      }
      rest = rest[end...]
    }
    return String(out + rest)
  }

  private static func withoutTokens(_ text: String) -> String {
    guard text.contains("=") else { return text }
    var out = ""
    var name = ""
    var isHidden = false
    for character in text {
      switch character {
      case "?", "&", ";", "#", " ":
        name = ""
        isHidden = false
      case "=" where !isHidden:
        if parameters.contains(name.lowercased()) {
          out += "=" + SecretMask.mask
          isHidden = true
          continue
        }
      default: if !isHidden { name.append(character) }
      }
      if !isHidden { out.append(character) }
    }
    return out
  }
}
