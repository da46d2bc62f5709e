import Testing
import Wire

private let all: [WireError] = [
  .requestLineTooLong(limit: 1), .malformedRequestLine, .malformedTarget, .connectNotSupported,
  .unsupportedVersion, .malformedStatusLine, .statusLineTooLong(limit: 1), .unexpectedUpgrade,
  .headerTooLarge(limit: 1), .tooManyFields(limit: 1), .bareLineFeed, .bareCarriageReturn,
  .controlByte, .malformedFieldName, .whitespaceBeforeColon, .obsoleteLineFolding, .missingHost,
  .repeatedHost, .malformedHost, .hostMismatch, .malformedConnection, .malformedLength,
  .repeatedLength, .lengthAndTransferCoding, .malformedTransferCoding, .unsupportedTransferCoding,
  .transferCodingInHTTP10, .malformedChunkSize, .malformedChunkExtension, .malformedChunkEnd,
  .chunkLineTooLong(limit: 1), .trailerTooLarge(limit: 1), .bodyTooLarge(limit: 1),
]

@Test(arguments: all)
func `each fault has a client-error or server-error status with a phrase`(_ error: WireError) {
  #expect([400, 413, 414, 431, 501, 505].contains(error.status))
  #expect(!ResponseHead.reasonPhrase(for: error.status).isEmpty)
}

@Test func `no two faults are described alike`() {
  #expect(Set(all.map(\.reason)).count == all.count)
}
