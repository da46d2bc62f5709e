import Glibc
import TestSupport
import Testing

/// `--capture`, and reading back what it wrote.
@Suite struct CapturedTrafficTests {
  private static let secret = "sk-ant-api03-Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA"

  /// A path for a capture directory, removed with its files at the end.
  private final class Place {
    private let file: TemporaryFile
    let path: String

    init() throws {
      file = try TemporaryFile()
      path = file.path + ".capture"
    }

    var names: [String] {
      guard let listing = opendir(path) else { return [] }
      defer { closedir(listing) }
      var names: [String] = []
      while let entry = readdir(listing) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) {
          String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
      }
      return names.sorted()
    }

    func text(_ suffix: String) -> [String] {
      names.filter { $0.hasSuffix(suffix) }.map { readText(path + "/" + $0) ?? "" }
    }

    deinit {
      for name in names { unlink(path + "/" + name) }
      rmdir(path)
    }
  }

  private func end(_ scene: Scene) {
    scene.proxy.send(signal: SIGTERM)
    #expect(scene.exit() == 0)
  }

  @Test func `what went by is written, without credentials, and explained afterwards`() throws {
    let place = try Place()
    let scene = try Scene(options: ["--capture", place.path])
    let answer = chatAnswer(prompt: 900)
    scene.answerAll(answer)
    let agent = scene.agent()
    let bodies = [
      Prompts.chat([Prompts.prose(200), "yes", "go on"]),
      Prompts.chat([Prompts.prose(200, seed: 9), "yes", "go on", "yes", "more"]),
    ]
    for body in bodies {
      _ = try scene.call(
        agent, "/v1/chat/completions?key=\(Self.secret)", body,
        "Authorization: Bearer \(Self.secret)\r\nReferer: http://me:\(Self.secret)@h/x\r\n")
    }
    _ = try scene.turns(2)
    end(scene)
    #expect(place.text(".request") == bodies)
    let responses = place.text(".response")
    #expect(responses.count == 2)
    #expect(responses.allSatisfy { answer.hasSuffix("\r\n\r\n" + $0) && !$0.isEmpty })
    #expect(place.text(".forwarded").isEmpty)
    #expect(!place.text("").joined().contains(Self.secret))
    let index = try #require(place.text("index.ndjson").first)
    #expect(index.split(separator: "\n").count == 2)
    #expect(index.contains("/v1/chat/completions?key=***"))
    let explained = try Command("explain", place.path)
    #expect(explained.status == 0)
    #expect(explained.output.contains("2 requests, 1 broke the prefix"))
    #expect(try Command("check", place.path).status == 1)
  }

  @Test func `a rewritten request is kept in both forms`() throws {
    let place = try Place()
    let scene = try Scene(options: ["--capture", place.path, "--pin"])
    scene.answerAll(chatAnswer(prompt: 900))
    let agent = scene.agent()
    let texts = [Prompts.prose(200), "yes", "go on"]
    for (system, texts) in [
      ("It is 10:00:01 now.", texts), ("It is 10:00:09 now.", texts + ["yes", "more"]),
    ] {
      _ = try scene.call(agent, "/v1/chat/completions", Prompts.chat(texts, system: system))
    }
    let sent = try scene.received(2).message.text
    end(scene)
    let requests = place.text(".request")
    #expect(requests.count == 2)
    #expect(sent != requests.last)
    #expect(place.text(".forwarded").last == sent)
  }

  @Test(arguments: ["/nowhere/at/all", "/dev/null", "/tmp"])
  func `a directory that cannot be used ends the start`(_ path: String) throws {
    let command = try Command(
      "--listen", "127.0.0.1:0", "--upstream", "http://127.0.0.1:1", "--no-tui", "--no-ledger",
      "--capture", path)
    #expect(command.status == 1)
    #expect(command.errors.hasPrefix("holdfast: --capture \(path)"))
  }

  @Test func `a full directory ends the capture and not the traffic`() throws {
    let place = try Place()
    let scene = try Scene(options: ["--capture", place.path, "--capture-size", "1M"])
    scene.answerAll(chatAnswer())
    let agent = scene.agent()
    let large = Prompts.chat([Prompts.prose(90_000)])
    for _ in 0..<4 {
      #expect(try scene.call(agent, "/v1/chat/completions", large).status == 200)
    }
    scene.wait(for: "the notice") {
      scene.proxy.standardOutput.contains("nothing more is captured")
    }
    end(scene)
    #expect(place.text(".request") == [large])
  }
}
