/// Why text is no upstream URL. Never holds a part of the text, which may hide a password.
public enum URLError: Error, Equatable, Sendable {
  case missingScheme
  case unsupportedScheme
  case malformedHost
  case malformedPort
  case malformedPath
  case queryOrFragment

  /// The cause in a few words.
  public var reason: String {
    switch self {
    case .missingScheme: "does not begin with http:// or https://"
    case .unsupportedScheme: "has a scheme other than http and https"
    case .malformedHost: "has a missing or malformed host"
    case .malformedPort: "has a port that is not a number from 1 to 65535"
    case .malformedPath: "has a path with characters that must be percent-encoded"
    case .queryOrFragment: "has a query or a fragment, which would be lost"
    }
  }
}
