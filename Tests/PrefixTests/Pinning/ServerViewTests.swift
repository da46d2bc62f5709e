import Bytes
import Prompt
import Testing

@testable import Prefix

@Suite struct ServerViewTests {
  private func index() throws -> RequestIndex {
    let request =
      #"{"model":"m","tool_choice":{"type":"auto"},"system":[{"type":"text","text":"brief"}],"messages":[{"role":"user","content":"one"},{"role":"assistant","content":"two"}]}"#
    let body = ByteBuffer(copying: Array(request.utf8))
    return try #require(RequestIndexer.index(body.bytes, dialect: .anthropicMessages))
  }

  private let piece = ServerView.Piece(Array(#"{"role":"user","content":"other"}"#.utf8))

  @Test func `in front of the first repair stand the blocks before it, without settings`() throws {
    let index = try index()
    var view = ServerView(asSent: index)
    #expect(view.bytesBeforeFirstRepair(index) == nil)
    #expect(index.indices(of: .knobs).isEmpty == false)
    let last = index.blocks.count - 1
    let before = index.blocks[last - 2].length + index.blocks[last - 1].length
    view.entries[last].forwarded = piece
    #expect(view.bytesBeforeFirstRepair(index) == Int(before))
    view.tools = []
    #expect(view.bytesBeforeFirstRepair(index) == 0)
  }

  @Test func `a ghost takes its bytes and a comma`() throws {
    var view = ServerView(asSent: try index())
    view.entries[1].ghosts = [.init(piece: piece), .init(piece: piece)]
    view.entries[2].ghosts = [.init(piece: piece)]
    #expect(view.ghostBytes == 3 * (piece.bytes.count + 1))
  }

  @Test func `what leans on a ghost is given up with the block behind it`() throws {
    var view = ServerView(asSent: try index())
    view.entries[0].leansOnGhost = true
    view.entries[1].isOmitted = true
    #expect(view.givingUp(from: 2) == 0)
    #expect(view.givingUp(from: 3) == 3)
  }

  @Test func `a note that is given up takes with it what it tells of`() throws {
    var view = ServerView(asSent: try index())
    view.entries[1].isNoted = true
    view.entries[3].carriesNotes = true
    #expect(view.givingUp(from: 3) == 1)
    var tool = ServerView.Tool(identity: 7, agentDigest: piece.digest, forwarded: piece)
    view.tools = [tool]
    #expect(view.givingUp(from: 3) == 1)
    tool.isNoted = true
    view.tools = [tool]
    #expect(view.givingUp(from: 3) == 0)
  }

  @Test func `a table says that its text was lost, if it had any`() throws {
    var view = ServerView(asSent: try index())
    #expect(!view.lost.isLost)
    view.entries[1].forwarded = piece
    view.tools = []
    #expect(view.lost.isLost)
    #expect(view.lost.tools == nil)
    #expect(view.lost.entries.filter { !$0.isAsSent }.isEmpty)
    #expect(!view.lost.isAsSent)
  }
}
