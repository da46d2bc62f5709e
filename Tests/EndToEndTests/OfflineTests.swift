import Bytes
import Testing

/// `explain` and `check` on captured bodies.
@Suite struct OfflineTests {
  static let opening = [Prompts.prose(300), "yes", "go on"]
  static let clean = [
    Prompts.chat(opening), Prompts.chat(opening + ["yes", "more"]),
  ].joined(separator: "\n")
  static let broken = [
    Prompts.chat(opening),
    Prompts.chat([Prompts.prose(300, seed: 9), "yes", "go on", "yes", "more"]),
  ].joined(separator: "\n")

  @Test func `check passes a conversation that only grows`() throws {
    let file = try TemporaryFile(Self.clean)
    let command = try Command("check", file.path)
    #expect(command.status == 0)
    #expect(command.output.contains("2 requests, 0 broke the prefix, 100% preserved"))
  }

  @Test func `check fails a conversation that was changed`() throws {
    let file = try TemporaryFile(Self.broken)
    let command = try Command("check", file.path)
    #expect(command.status == 1)
    #expect(command.output.contains("1 broke the prefix"))
    #expect(command.output.contains("MUTATION at msg[1]"))
  }

  @Test func `check keeps to the limits it is given`() throws {
    let file = try TemporaryFile(Self.broken)
    #expect(try Command("check", "--max-reprocessed", "1000000", file.path).status == 0)
    #expect(try Command("check", "--min-preserved", "99", file.path).status == 1)
    #expect(try Command("check", "--min-preserved", "1", file.path).status == 0)
  }

  @Test func `check follows the configuration`() throws {
    let file = try TemporaryFile(Self.broken)
    let configuration = try TemporaryFile("max-reprocessed = \"1000000\"")
    #expect(try Command("check", "--config", configuration.path, file.path).status == 0)
  }

  @Test func `explain tells of breaks and ends with status 0`() throws {
    let file = try TemporaryFile(Self.broken)
    let command = try Command("explain", file.path)
    #expect(command.status == 0)
    #expect(command.output.contains("messages[1].content"))
  }

  @Test func `explain leaves out clean turns on request`() throws {
    let file = try TemporaryFile(Self.broken)
    let command = try Command("explain", "--breaks", file.path)
    #expect(!command.output.contains("first turn"))
    #expect(command.output.contains("MUTATION"))
  }

  @Test func `explain writes the objects that a proxy writes`() throws {
    let file = try TemporaryFile(Self.broken)
    let command = try Command("explain", "--json", file.path)
    let objects = command.output.split(separator: "\n").map { JSONValue(String($0)) }
    #expect(objects.count == 2)
    for object in objects {
      let names = try #require(object?.members).map(\.key)
      #expect(names.starts(with: ReportTests.shared))
    }
  }

  @Test(arguments: ["explain", "check"])
  func `a file that cannot be read is status 2`(_ name: String) throws {
    let command = try Command(name, "/nowhere/at/all")
    #expect(command.status == 2)
    #expect(command.errors.contains("/nowhere/at/all: No such file or directory"))
  }

  @Test(arguments: ["explain", "check"])
  func `a file without a request is status 2`(_ name: String) throws {
    let file = try TemporaryFile("not json\n[1]\n")
    let command = try Command(name, file.path)
    #expect(command.status == 2)
    #expect(!command.errors.isEmpty)
  }
}
