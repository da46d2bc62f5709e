import Bytes
import Prompt

/// Joins the agent's bytes with the server's pieces: every byte that no piece stands for is the
/// agent's own.
enum BodyAssembly {
  /// - Returns: nil if the pieces do not fit into the body; then it must go out as it came.
  static func body(_ history: History, _ view: ServerView) -> [ByteSlice]? {
    guard let body = history.body else { return nil }
    var splices: [(range: Range<Int>, bytes: [UInt8])] = []
    var omitted: Range<Int>?
    for (at, entry) in view.entries.enumerated() where !entry.isAsSent {
      if entry.isOmitted {
        // A run ends with its array.
        let first =
          omitted.flatMap { run in
            run.upperBound == at
              && history.index.blocks[at - 1].group == history.index.blocks[at].group
              ? run.lowerBound : nil
          } ?? at
        omitted = first..<(at + 1)
        let isLast =
          at + 1 == view.entries.count || !view.entries[at + 1].isOmitted
          || history.index.blocks[at + 1].group != history.index.blocks[at].group
        if isLast { splices.append(omission(first...at, history.index, view, body.bytes)) }
        continue
      }
      let range = history.index.blocks[at].range
      var bytes = ghosts(entry)
      if let forwarded = entry.forwarded {
        bytes += forwarded.bytes
        splices.append((range, bytes))
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

  /// The blocks that only the server has in front of one, each with the comma behind it.
  private static func ghosts(_ entry: ServerView.Entry) -> [UInt8] {
    var bytes: [UInt8] = []
    for ghost in entry.ghosts {
      bytes += ghost.piece.bytes
      bytes.append(UInt8(ascii: ","))
    }
    return bytes
  }

  /// Takes neighbouring elements out of their array, with one of the commas around them.
  private static func omission(
    _ run: ClosedRange<Int>, _ index: RequestIndex, _ view: ServerView,
    _ body: UnsafeRawBufferPointer
  ) -> (range: Range<Int>, bytes: [UInt8]) {
    let inFront = view.entries[run].reduce(into: []) { $0 += ghosts($1) }
    let start = index.blocks[run.lowerBound].range.lowerBound
    let end = index.blocks[run.upperBound].range.upperBound
    var scanner = JSONScanner(body, at: end)
    if scanner.accept(UInt8(ascii: ",")) {
      scanner.skipWhitespace()
      return (start..<max(start, scanner.position), inFront)
    }
    if !inFront.isEmpty { return (start..<end, inFront.dropLast()) }
    var comma = start
    while comma > 0, body[comma - 1] != UInt8(ascii: ","), body[comma - 1] != UInt8(ascii: "[") {
      comma -= 1
    }
    return ((comma > 0 && body[comma - 1] == UInt8(ascii: ",") ? comma - 1 : start)..<end, [])
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
  ) -> [ByteSlice]? {
    var out: [ByteSlice] = []
    var at = 0
    for splice in splices {
      guard splice.range.lowerBound >= at else { return nil }
      if splice.range.lowerBound > at { out.append(ByteSlice(body, at..<splice.range.lowerBound)) }
      if !splice.bytes.isEmpty { out.append(ByteSlice(ByteBuffer(copying: splice.bytes))) }
      at = splice.range.upperBound
    }
    if at < body.count { out.append(ByteSlice(body, at..<body.count)) }
    return out
  }
}
