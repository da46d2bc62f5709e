import Bytes
import Prompt

/// Joins the agent's bytes with the server's pieces: every byte that no piece stands for is the
/// agent's own.
enum BodyAssembly {
  static func body(_ history: History, _ view: ServerView) -> [ByteSlice] {
    guard let body = history.body else { return [] }
    var splices: [(range: Range<Int>, bytes: [UInt8])] = []
    for (at, entry) in view.entries.enumerated() where !entry.isAsSent {
      let range = history.index.blocks[at].range
      var bytes: [UInt8] = []
      for ghost in entry.ghosts {
        bytes += ghost.piece.bytes
        bytes.append(UInt8(ascii: ","))
      }
      if entry.isOmitted {
        splices.append(omission(range, body.bytes, bytes))
      } else if let forwarded = entry.forwarded {
        splices.append((range, bytes + forwarded.bytes))
      } else {
        splices.append((range.lowerBound..<range.lowerBound, bytes))
      }
    }
    if let tools = view.tools, let splice = toolSplice(tools, history, body) {
      splices.append(splice)
    }
    splices.sort { $0.range.lowerBound < $1.range.lowerBound }
    return join(body, splices)
  }

  /// Takes an element out of its array, with one of the commas around it.
  private static func omission(
    _ range: Range<Int>, _ body: UnsafeRawBufferPointer, _ inFront: [UInt8]
  ) -> (range: Range<Int>, bytes: [UInt8]) {
    var scanner = JSONScanner(body, at: range.upperBound)
    if scanner.accept(UInt8(ascii: ",")) {
      scanner.skipWhitespace()
      return (range.lowerBound..<scanner.position, inFront)
    }
    if !inFront.isEmpty { return (range, inFront.dropLast()) }
    var start = range.lowerBound
    while start > 0, body[start - 1] != UInt8(ascii: ","), body[start - 1] != UInt8(ascii: "[") {
      start -= 1
    }
    if start > 0, body[start - 1] == UInt8(ascii: ",") { start -= 1 }
    return (start..<range.upperBound, [])
  }

  private static func toolSplice(
    _ tools: [ServerView.Tool], _ history: History, _ body: ByteBuffer
  ) -> (range: Range<Int>, bytes: [UInt8])? {
    guard let array = history.index.toolsArray, array.count >= 2 else { return nil }
    var own: [UInt64: Range<Int>] = [:]
    for block in history.index.blocks(of: .tools) { own[block.identity] = block.range }
    var bytes: [UInt8] = []
    for (place, tool) in tools.enumerated() {
      if place > 0 { bytes.append(UInt8(ascii: ",")) }
      if let forwarded = tool.forwarded {
        bytes += forwarded.bytes
      } else if let range = own[tool.identity] {
        bytes += Array(body.bytes[range])
      } else {
        return nil
      }
    }
    return ((array.lowerBound + 1)..<(array.upperBound - 1), bytes)
  }

  private static func join(
    _ body: ByteBuffer, _ splices: [(range: Range<Int>, bytes: [UInt8])]
  ) -> [ByteSlice] {
    var out: [ByteSlice] = []
    var at = 0
    for splice in splices where splice.range.lowerBound >= at {
      if splice.range.lowerBound > at { out.append(ByteSlice(body, at..<splice.range.lowerBound)) }
      if !splice.bytes.isEmpty { out.append(ByteSlice(ByteBuffer(copying: splice.bytes))) }
      at = splice.range.upperBound
    }
    if at < body.count { out.append(ByteSlice(body, at..<body.count)) }
    return out
  }
}
