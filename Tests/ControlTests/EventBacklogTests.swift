import Testing
import TurnCoding

@testable import Control

@Suite struct EventBacklogTests {
  private static func line(_ letter: Character, _ count: Int = 10) -> [UInt8] {
    Array(String(repeating: letter, count: count).utf8)
  }

  @Test func `lines come out in order`() {
    var backlog = EventBacklog(maxBytes: 100)
    backlog.append(Self.line("a"))
    backlog.append(Self.line("b"))
    #expect(backlog.next() == Self.line("a"))
    backlog.append(Self.line("c"))
    #expect(backlog.next() == Self.line("b"))
    #expect(backlog.next() == Self.line("c"))
    #expect(backlog.next() == nil)
    #expect(backlog.droppedCount == 0)
  }

  @Test func `beyond the bound the oldest lines are dropped, and the reader is told how many`() {
    var backlog = EventBacklog(maxBytes: 30)
    for letter in "abcde" { backlog.append(Self.line(letter)) }
    #expect(backlog.bytes == 30)
    #expect(backlog.next() == StreamMessage.lost(2).line)
    #expect(backlog.next() == Self.line("c"))
    backlog.append(Self.line("f"))
    backlog.append(Self.line("g"))
    #expect(backlog.next() == StreamMessage.lost(1).line)
    #expect(backlog.next() == Self.line("e"))
    #expect(backlog.droppedCount == 3)
  }

  @Test func `a line larger than the bound is kept alone`() {
    var backlog = EventBacklog(maxBytes: 30)
    backlog.append(Self.line("a"))
    backlog.append(Self.line("b", 500))
    #expect(backlog.next() == StreamMessage.lost(1).line)
    #expect(backlog.next() == Self.line("b", 500))
    #expect(backlog.next() == nil)
  }

  @Test func `a long queue is followed through to its end`() {
    var backlog = EventBacklog(maxBytes: 1 << 20)
    for number in 0..<5_000 { backlog.append(Array("\(number)".utf8)) }
    for number in 0..<4_000 { #expect(backlog.next() == Array("\(number)".utf8)) }
    for number in 5_000..<6_000 { backlog.append(Array("\(number)".utf8)) }
    for number in 4_000..<6_000 { #expect(backlog.next() == Array("\(number)".utf8)) }
    #expect(backlog.next() == nil)
    #expect(backlog.bytes == 0)
  }
}
