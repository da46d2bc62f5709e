import Testing
import Wire

@Test func `credentials of an upstream url are never shown`() throws {
  let url = try UpstreamURL(parsing: "https://user:pass@example.org/v1/")
  #expect(url.hasUserInfo)
  #expect(url.description == "https://example.org/v1")
}
