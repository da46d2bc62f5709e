import COpenSSL
import Glibc

/// A certificate authority that exists for one test, with its certificate in a file.
public final class TestAuthority {
  /// PEM file, removed with this object.
  public let file: String
  private let identity: TestIdentity
  private let directory: String

  public init() throws {
    var template = Array("/tmp/holdfast-ca-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw TestIdentity.Failure() }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    file = directory + "/ca.pem"
    identity = try TestIdentity(
      name: "test authority", alternatives: nil, days: -1...30, isAuthority: true, issuer: nil)
    try identity.write(to: file)
  }

  deinit {
    unlink(file)
    rmdir(directory)
  }

  /// A server certificate for `alternatives`, such as `DNS:localhost,IP:127.0.0.1`, that is valid
  /// from and to so many days from now.
  public func issue(_ alternatives: String, days: ClosedRange<Int> = -1...30) throws -> TestIdentity
  {
    try TestIdentity(
      name: "test server", alternatives: alternatives, days: days, isAuthority: false,
      issuer: identity)
  }
}
