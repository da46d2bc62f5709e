import Bytes
import Prompt
import Testing

private func markers(_ bodies: String...) -> [CacheMarker] {
  var scan = CacheMarkerScan()
  var found: [CacheMarker] = []
  for body in bodies {
    let buffer = ByteBuffer(copying: Array(body.utf8))
    guard let index = RequestIndexer.index(buffer.bytes, dialect: .anthropicMessages) else {
      Issue.record("not a request: \(body)")
      return []
    }
    found = scan.markers(index, buffer.bytes)
  }
  return found
}

private let marked = #""cache_control":{"type":"ephemeral"}"#

@Suite struct CacheMarkersTests {
  @Test func `tools, system blocks and parts of messages are counted as blocks`() throws {
    let tool = #"{"name":"a","input_schema":{}}"#
    let last = #"{"name":"b","input_schema":{},\#(marked)}"#
    let system = #"{"type":"text","text":"s",\#(marked)}"#
    let user = #"{"role":"user","content":"hello"}"#
    let answer =
      #"{"role":"assistant","content":[{"type":"text","text":"1"},{"type":"text","text":"2"}]}"#
    let next =
      #"{"role":"user","content":[{"type":"text","text":"3",\#(marked)},{"type":"text","text":"4"}]}"#
    let found = markers(
      #"{"tools":[\#(tool),\#(last)],"system":[\#(system)],"messages":[\#(user),\#(answer),\#(next)]}"#
    )
    #expect(found.map(\.blocks) == [2, 3, 7])
    #expect(found[0].bytes == tool.utf8.count + last.utf8.count)
    #expect(found[1].bytes == found[0].bytes + system.utf8.count)
    #expect(found[2].bytes > found[1].bytes + user.utf8.count + answer.utf8.count)
    #expect(!found.contains { $0.isHour })
  }

  @Test func `a marker at the last part stands at the end of its message`() throws {
    let user = #"{"role":"user","content":[{"type":"text","text":"3",\#(marked)}]}"#
    #expect(markers(#"{"messages":[\#(user)]}"#).first?.bytes == user.utf8.count)
  }

  @Test func `the lifetime of an hour is read`() {
    let body =
      #"{"messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral","ttl":"1h"}}]}]}"#
    #expect(markers(body).map(\.isHour) == [true])
  }

  @Test func `a marker of the whole request stands at its end, wherever it is written`() {
    let list = #""messages":[{"role":"user","content":"a"},{"role":"user","content":"b"}]"#
    #expect(markers("{\(marked),\(list)}").map(\.blocks) == [2])
    #expect(markers("{\(list),\(marked)}").map(\.blocks) == [2])
  }

  @Test func `OpenAI's breakpoints are read in its dialects, and its mode beside them`() throws {
    let part = #"{"type":"text","text":"a","prompt_cache_breakpoint":{"mode":"explicit"}}"#
    let user = #"{"role":"user","content":[\#(part),{"type":"text","text":"b"}]}"#
    let body = ByteBuffer(
      #"{"prompt_cache_options":{"mode":"explicit"},"messages":[\#(user)]}"#.utf8)
    let index = try #require(RequestIndexer.index(body.bytes, dialect: .openAIChat))
    var scan = CacheMarkerScan(.openAIChat)
    let found = scan.markers(index, body.bytes)
    #expect(found.map(\.blocks) == [1])
    #expect(found.first?.bytes == #"{"role":"user","content":[\#(part)"#.utf8.count)
    #expect(CacheMarkerScan.isExplicitOnly(index, body.bytes))
    let implicit = ByteBuffer(#"{"messages":[\#(user)]}"#.utf8)
    let other = try #require(RequestIndexer.index(implicit.bytes, dialect: .openAIChat))
    #expect(!CacheMarkerScan.isExplicitOnly(other, implicit.bytes))
  }

  @Test func `text that speaks of markers is no marker`() {
    let body = #"{"messages":[{"role":"user","content":"set \"cache_control\" and be happy"}]}"#
    #expect(markers(body).isEmpty)
    let part =
      #"{"messages":[{"role":"user","content":[{"type":"tool_result","content":[{"type":"text","text":"a",\#(marked)}]}]}]}"#
    #expect(markers(part).isEmpty)
  }

  @Test func `a marker that moves on is found at its new place`() {
    let a = #"{"role":"user","content":[{"type":"text","text":"a"}]}"#
    let aMarked = #"{"role":"user","content":[{"type":"text","text":"a",\#(marked)}]}"#
    let bMarked = #"{"role":"user","content":[{"type":"text","text":"b",\#(marked)}]}"#
    #expect(
      markers(#"{"messages":[\#(aMarked)]}"#, #"{"messages":[\#(a),\#(bMarked)]}"#).map(\.blocks)
        == [2])
    #expect(
      markers(#"{"messages":[\#(a),\#(bMarked)]}"#, #"{"messages":[\#(aMarked)]}"#).map(\.blocks)
        == [1])
  }
}
