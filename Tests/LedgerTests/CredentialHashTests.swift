import Ledger
import Testing

@Suite struct CredentialHashTests {
  private let key = [UInt8](0..<16)

  @Test func `a credential has the same value in every run with the same key`() throws {
    let one = try #require(CredentialHash(key: key))
    let other = try #require(CredentialHash(key: key))
    let credentials = (0..<600).map { "sk-\($0)" }
    let values = credentials.map(one.value)
    #expect(Set(values).count == values.count)
    #expect(!values.contains(0))
    // Asked again, in another order, by one that remembers and one that does not.
    #expect(credentials.reversed().map(one.value) == values.reversed())
    #expect(credentials.map(other.value) == values)
  }

  @Test func `the value is SipHash-2-4 of the credential`() throws {
    // The output of the reference algorithm for key 00..0f and message 00..0e begins so.
    let message = String(decoding: (0..<15).map { UInt8($0) }, as: UTF8.self)
    let expected: UInt64 = 0x5493_e999_33b0_a811
    let value = try #require(CredentialHash(key: key)).value(message)
    #expect(UInt64(value) == expected >> 1)
  }

  @Test func `another key gives other values`() throws {
    let one = try #require(CredentialHash(key: key))
    let other = try #require(CredentialHash(key: key.reversed()))
    #expect(one.value("sk-a") != other.value("sk-a"))
  }

  @Test func `a key of another length is refused`() {
    #expect(CredentialHash(key: [1, 2, 3]) == nil)
  }
}
