import Bytes
import Glibc
import Simulator
import Testing

/// The ledger that a running proxy writes and the commands that read it.
@Suite struct StoredTurnsTests {
  /// A ledger in a directory of its own.
  private final class Place {
    let directory: String
    var ledger: String { directory + "/ledger.sqlite" }

    init() throws {
      var template = Array("/tmp/holdfast-tests-XXXXXX".utf8CString)
      try #require(mkdtemp(&template) != nil)
      directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
      for suffix in ["", "-wal", "-shm", ".lock"] { unlink(ledger + suffix) }
      rmdir(directory)
    }
  }

  private func object(_ arguments: String...) throws -> JSONValue {
    let command = try Command(arguments)
    #expect(command.status == 0, "\(command.errors)")
    return try #require(JSONValue(command.output), "\(command.output)")
  }

  private func play(_ scene: Scene) throws {
    scene.answerAll(chatAnswer(prompt: 900, cached: 850))
    let agent = scene.agent()
    let opening = [Prompts.prose(400), "yes", "go on"]
    _ = try scene.call(agent, "/v1/chat/completions", Prompts.chat(opening))
    _ = try scene.call(agent, "/v1/chat/completions", Prompts.chat(opening + ["yes", "more"]))
    _ = try scene.turns(2)
  }

  @Test func `turns of a running proxy are in the ledger within moments and stay there`() throws {
    let place = try Place()
    let scene = try Scene(options: ["--ledger", place.ledger])
    try play(scene)
    scene.wait(for: "the batch in the ledger") {
      guard let command = try? Command("stats", "--ledger", place.ledger, "--format", "json") else {
        return false
      }
      return JSONValue(command.output)?["turns"]?.integer == 2
    }
    scene.proxy.send(signal: SIGKILL)
    let stats = try object("stats", "--ledger", place.ledger, "--format", "json")
    #expect(stats["turns"]?.integer == 2)
    #expect(stats["read_tokens"]?.integer == 1700)
    #expect(stats["uncached_tokens"]?.integer == 100)
    #expect(stats["sessions"]?.array?.count == 1)
    let session = try #require(stats["sessions"]?.array?[0]["session_id"]?.string)
    let turn = try object(
      "show", "\(session)/2", "--ledger", place.ledger, "--format", "json")
    #expect(turn["cached_tokens"]?.integer == 850)
    #expect(turn["preserved_prefix_pct"]?.integer == 100)
    let list = try Command("sessions", "--ledger", place.ledger)
    #expect(list.output.contains(session))
  }

  @Test func `a session of a proxy that ended is told of in every form`() throws {
    let place = try Place()
    let scene = try Scene(options: ["--ledger", place.ledger])
    try play(scene)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
    let session = try #require(try scene.turns(1)[0]["session_id"]?.string)
    func text(_ words: String...) throws -> String {
      let command = try Command(words + ["--ledger", place.ledger])
      #expect(command.status == 0, "\(command.errors)")
      return command.output
    }

    let csv = try text("stats", "--format", "csv").split(separator: "\r\n")
    #expect(csv.count == 2)
    let columns = csv[0].split(separator: ",", omittingEmptySubsequences: false)
    let values = csv[1].split(separator: ",", omittingEmptySubsequences: false)
    let row = Dictionary(uniqueKeysWithValues: zip(columns, values))
    #expect(row["session_id"] == Substring(session))
    #expect(row["turns"] == "2")
    #expect(row["read_tokens"] == "1700")
    #expect(row["uncached_tokens"] == "100")
    // A server of one's own that tells no time: no figure is 0.
    #expect(row["paid_usd"] == "")
    #expect(row["unpriced_turns"] == "2")

    #expect(try text("cache", "stats", session).contains("hit rate                94%"))
    #expect(try text("cache", "zones", session).contains("\nprefix "))
    #expect(try text("cache", "inspect", session).split(separator: "\n").count == 4)
    let zones = try object("cache", "zones", session, "--json", "--ledger", place.ledger)
    #expect(zones["turns"]?.integer == 2)
    #expect((zones["zones"]?.array?[2]["bytes"]?.integer ?? 0) > 0)

    #expect(
      try text("stats", "--compare", "off,hold").contains(
        "The data does not support a difference between off and hold."))
    let comparison = try object(
      "stats", "--compare", "off,hold", "--format", "json", "--ledger", place.ledger)
    #expect(comparison["supports_difference"] == .bool(false))
  }

  @Test(arguments: [
    (["cache"], 2), (["cache", "zones"], 2), (["cache", "zone", "a1b2c3d4"], 2),
    (["cache", "zones", "x"], 2), (["cache", "zones", "a1b2c3d4", "more"], 2),
    (["cache", "zones", "a1b2c3d4"], 1),
  ])
  func `a question about the cache that cannot be answered is one sentence`(
    _ arguments: [String], _ status: Int
  ) throws {
    let command = try Command(arguments + ["--ledger", "/nowhere/at/all"])
    #expect(Int(command.status) == status)
    #expect(command.errors.hasPrefix("holdfast: "))
    #expect(command.errors.split(separator: "\n").count == 1)
  }

  @Test func `a proxy that ends leaves no turn behind`() throws {
    let place = try Place()
    let scene = try Scene(options: ["--ledger", place.ledger])
    try play(scene)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
    let stats = try object("stats", "--ledger", place.ledger, "--format", "json")
    #expect(stats["turns"]?.integer == 2)
  }

  @Test func `traffic goes on without a ledger that can be written, and one line says so`() throws {
    let place = try Place()
    // A directory stands where the file should be.
    mkdir(place.ledger, 0o700)
    defer { rmdir(place.ledger) }
    let scene = try Scene(options: ["--ledger", place.ledger])
    try play(scene)
    scene.wait(for: "the notice") { scene.proxy.standardOutput.contains("the ledger") }
    #expect(scene.proxy.standardOutput.countText("turns go on") == 1)
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
    #expect(scene.proxy.standardError.contains("2 turns are not in the ledger"))
  }

  @Test func `without a ledger the commands say so in one sentence`() throws {
    let place = try Place()
    for arguments in [["stats"], ["sessions"], ["show", "a1b2c3d4"]] {
      let command = try Command(arguments + ["--ledger", place.ledger])
      #expect(command.status == 1)
      #expect(command.errors == "holdfast: there is no ledger at \(place.ledger) yet\n")
    }
  }

  @Test(arguments: [
    ["stats", "--window", "week"], ["stats", "--mode", "loud"], ["stats", "--compare", "off"],
    ["stats", "--compare", "off,off"], ["stats", "--session", "xyz"], ["show"], ["show", "1"],
    ["show", "a1b2c3d4/x"], ["show", "a1b2c3d4", "b"], ["stats", "--format", "xml"],
    ["stats", "--prices", "/nowhere"], ["--upstream", "http://h", "--ledger-days", "0"],
  ])
  func `a question that cannot be understood is one sentence and status 2`(
    _ arguments: [String]
  ) throws {
    let isServing = arguments[0].hasPrefix("-")
    let command = try Command(arguments + (isServing ? [] : ["--ledger", "/nowhere"]))
    #expect(command.status == 2)
    #expect(command.output.isEmpty)
    #expect(command.errors.hasPrefix("holdfast: "))
    #expect(command.errors.split(separator: "\n").count == 1)
  }
}
