import Prefix
import Testing

/// Credentials in text that is shown or stored.
@Suite struct SecretMaskTests {
  @Test(arguments: [
    "key sk-abcdefghijkl end", "Bearer abcd1234efgh", "my_password: hunter22",
    "token=0a1b2c3d4e5f0a1b2c3d4e5f0a1b2c3d", "AKIAABCDEFGHIJKLMNOP",
  ])
  func `what looks like a credential is masked, in any company`(_ text: String) {
    #expect(SecretMask.masked(text).contains(SecretMask.mask))
    // The same words beside another script go another way.
    #expect(SecretMask.masked(text + " é") == SecretMask.masked(text) + " é")
  }

  @Test(arguments: ["", "a plain sentence, with path/to/file.swift and 1.0", "sk-short", "x=1"])
  func `other text stays as it is`(_ text: String) {
    #expect(SecretMask.masked(text) == text)
    #expect(SecretMask.masked(text + " é") == text + " é")
  }

  @Test func `ASCII and other scripts are masked alike`() {
    var random = SystemRandomNumberGenerator()
    let parts = [
      "sk-", "bearer", "password", "token=", "abc", "0123456789", "AKIA", "-", "_", "/", ".", "=",
      " ", ": ", "\n", "~", "eyJ", "deadbeef00",
    ]
    for _ in 0..<2_000 {
      let count = Int.random(in: 0..<14, using: &random)
      let text = (0..<count).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
      #expect(SecretMask.masked(text + " é") == SecretMask.masked(text) + " é", "\(text)")
    }
  }
}
