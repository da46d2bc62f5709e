import Bytes
import TestSupport
import Testing

/// Credentials pass through and are seen nowhere else.
@Suite struct CredentialTests {
  static let secret = "sk-ant-api03-Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA"

  /// Everything that the process told, with the process ended.
  private static func told(by scene: Scene) -> String {
    scene.proxy.send(signal: 15)
    _ = scene.exit()
    return scene.proxy.standardOutput + scene.proxy.standardError + scene.ndjson.text
  }

  @Test(arguments: [
    "Authorization: Bearer \(secret)", "x-api-key: \(secret)", "Cookie: session=\(secret)",
    "api-key: \(secret)", "x-goog-api-key: \(secret)", "Proxy-Authorization: Basic \(secret)",
  ])
  func `a credential in a field is not told`(_ field: String) throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer())
    let agent = scene.agent()
    for body in [Prompts.chat(["hi"]), Prompts.chat(["ho"]), "not json"] {
      _ = try scene.call(agent, "/v1/chat/completions", body, field + "\r\n")
    }
    _ = try scene.call(agent, "/v1/embeddings", "{}", field + "\r\n")
    #expect(!Self.told(by: scene).contains(Self.secret))
  }

  @Test(arguments: ["Authorization: Bearer \(secret)", "x-api-key: \(secret)"])
  func `a credential reaches the upstream`(_ field: String) throws {
    let scene = try Scene()
    scene.agent().post("/v1/messages", Prompts.anthropic(["hi"]), field + "\r\n")
    #expect(try scene.received().message.fieldLines.contains(field))
  }

  @Test(arguments: ["/v1/chat/completions?key=\(secret)", "/v1beta/other?key=\(secret)"])
  func `a credential in a query string is not told`(_ target: String) throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer())
    _ = try scene.call(scene.agent(), target, Prompts.chat(["hi"]))
    #expect(!Self.told(by: scene).contains(Self.secret))
  }

  @Test func `a credential in a changed message is masked in the excerpt`() throws {
    let scene = try Scene()
    scene.answerAll(chatAnswer(prompt: 900, cached: 10))
    let agent = scene.agent()
    let rest = Prompts.prose(200)
    for key in [Self.secret, String(Self.secret.reversed()) + " \(Self.secret)"] {
      _ = try scene.call(
        agent, "/v1/chat/completions", Prompts.chat(["key: \(key) \(rest)", "yes", "go on"]))
    }
    #expect(try scene.turns(2)[1]["mutated"] == .bool(true))
    #expect(!Self.told(by: scene).contains(Self.secret))
  }

  @Test func `a credential is not told when the upstream is away`() throws {
    let scene = try Scene()
    scene.upstream.close()
    let response = try scene.call(
      scene.agent(), "/v1/messages?key=\(Self.secret)", Prompts.anthropic(["hi"]),
      "x-api-key: \(Self.secret)\r\n")
    #expect(response.status == 502)
    #expect(!response.text.contains(Self.secret))
    #expect(!Self.told(by: scene).contains(Self.secret))
  }

  @Test func `user information in an upstream's address is not told`() throws {
    let command = try Command(
      "--upstream", "ftp://me:\(Self.secret)@127.0.0.1:1", "--no-tui")
    #expect(command.status == 2)
    #expect(!(command.output + command.errors).contains(Self.secret))
  }
}
