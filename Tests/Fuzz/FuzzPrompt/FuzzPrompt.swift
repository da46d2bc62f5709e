import Bytes
import Prompt

/// Feeds arbitrary bytes to the request indexer and the JSON reader, with and without a reference.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  let body = ByteBuffer(copying: Array(UnsafeBufferPointer(start: start, count: count)))
  for dialect in Dialect.allCases {
    guard let index = RequestIndexer.index(body.bytes, dialect: dialect) else { continue }
    let again = RequestIndexer.index(
      body.bytes, dialect: dialect,
      reference: .init(index: index, body: body.bytes, commonPrefix: count))
    precondition(again?.blocks == index.blocks, "a reference changed the index")
    for block in index.blocks { precondition(block.range.upperBound <= count) }
  }
  _ = JSONValue(body.bytes)
  withExtendedLifetime(body) {}
  return 0
}
