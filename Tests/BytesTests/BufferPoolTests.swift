import Testing

@testable import Bytes

@Suite(.serialized) struct BufferPoolTests {
  @Test func `a class holds what was asked for, and at most 3 % more, 12 % if it is large`() {
    var last = -1
    for count in stride(
      from: BufferPool.sizes.lowerBound, through: BufferPool.sizes.upperBound, by: 7)
    {
      guard let (number, size) = BufferPool.place(count) else {
        Issue.record("no class for \(count)")
        return
      }
      let classes = count > BufferPool.large ? 8 : 32
      #expect(size >= count && size * classes <= count * (classes + 1) + 32)
      #expect(number >= last && number < BufferPool.classes)
      #expect(BufferPool.place(size)?.number == number && BufferPool.place(size)?.size == size)
      last = number
    }
    #expect(BufferPool.place(BufferPool.sizes.upperBound)?.size == BufferPool.sizes.upperBound)
    #expect(BufferPool.place(BufferPool.sizes.lowerBound - 1) == nil)
    #expect(BufferPool.place(BufferPool.sizes.upperBound + 1) == nil)
  }

  @Test func `a large body that grows by an eighth changes its class twice at most`() {
    for start in stride(from: BufferPool.large + 1, to: 3 << 20, by: 40_009) {
      let grown = stride(from: start, through: start + start / 8, by: 1009)
      #expect(Set(grown.compactMap { BufferPool.place($0)?.number }).count <= 3)
    }
  }

  @Test(.enabled(if: BufferPool.isOn))
  func `what is freed is used again, and no more than the bound is kept`() {
    var buffers = (0..<400).map { _ in ByteBuffer(capacity: 249_000) }
    buffers[7].append(byte: 7)
    buffers.removeAll()
    #expect(BufferPool.keptBytes <= BufferPool.mostBytes)
    BufferPool.empty()
    let block = BufferPool.allocate(249_000)
    BufferPool.free(block)
    let again = BufferPool.allocate(248_000)
    #expect(again.base == block.base || BufferPool.keptBytes > 0)
    BufferPool.free(again)
  }

  @Test(arguments: [3 << 20, 40 << 20])
  func `a large buffer keeps its bytes as it grows and shrinks`(least: Int) {
    let buffer = ByteBuffer(capacity: BufferPool.mostAllocated - 5)
    buffer.reserve(BufferPool.mostAllocated + 1)
    let piece = (0..<100_003).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    var count = 0
    while count < least {
      piece.withUnsafeBytes { buffer.append($0) }
      count += piece.count
    }
    buffer.trim()
    #expect(buffer.count == count)
    #expect(buffer.capacity >= count)
    if BufferPool.isOn { #expect(buffer.capacity < count + 8192) }
    let isWhole = stride(from: 0, to: count, by: piece.count).allSatisfy { start in
      buffer.bytes[start..<start + piece.count].elementsEqual(piece)
    }
    #expect(isWhole)
  }

  @Test func `a buffer that grows keeps its bytes`() {
    let buffer = ByteBuffer(capacity: 16)
    var expected: [UInt8] = []
    for number in 0..<40_000 {
      buffer.append(byte: UInt8(truncatingIfNeeded: number))
      expected.append(UInt8(truncatingIfNeeded: number))
    }
    #expect(buffer.bytes.elementsEqual(expected))
  }
}
