import Bytes
import Glibc
import Proxy
import Testing
import Wire

@testable import Capture

/// A directory that is removed with all that is in it.
private final class Scratch {
  let path: String

  init() throws {
    var template = Array("/tmp/holdfast-tests-XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for directory in [path + "/capture", path] {
      for name in Scratch.names(directory) { unlink(directory + "/" + name) }
      rmdir(directory)
    }
  }

  static func names(_ directory: String) -> [String] {
    guard let listing = opendir(directory) else { return [] }
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

  static func bytes(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    return Array(bytes[..<fread(&bytes, 1, bytes.count, file)])
  }

  static func mode(_ path: String) -> UInt32? {
    var facts = stat()
    return stat(path, &facts) == 0 ? facts.st_mode & 0o777 : nil
  }
}

/// Every byte value, so that a decoded and encoded copy would differ.
private let awkward = (0..<1024).map { UInt8(truncatingIfNeeded: $0 &* 37) }

private func record(_ number: Int, _ body: [UInt8], target: String = "/v1/chat/completions")
  -> CaptureRecord
{
  var record = CaptureRecord(request: ByteBuffer(copying: body))
  record.number = number
  record.method = "POST"
  record.target = target
  record.status = 200
  record.outcome = "complete"
  return record
}

@Suite struct CaptureStoreTests {
  @Test func `bodies are kept byte for byte in files that only their owner reads`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/capture"
    let store = try CaptureStore(path: path, maxBytes: 1 << 20, startedAt: 1)
    var one = record(1, awkward)
    one.response = ByteBuffer(copying: awkward.reversed())
    let pieces = ByteBuffer(copying: awkward)
    one.forwarded = [ByteSlice(pieces, 0..<10), ByteSlice(pieces, 100..<1024)]
    try store.write(one, dropped: 0)
    #expect(Scratch.mode(path) == 0o700)
    let names = Scratch.names(path)
    #expect(names.count == 4)
    for name in names { #expect(Scratch.mode(path + "/" + name) == 0o600) }
    func contents(_ suffix: String) -> [UInt8] {
      names.first { $0.hasSuffix(suffix) }.map { Scratch.bytes(path + "/" + $0) } ?? []
    }
    #expect(contents(".request") == awkward)
    #expect(contents(".response") == awkward.reversed())
    #expect(contents(".forwarded") == Array(awkward[..<10]) + Array(awkward[100...]))
  }

  @Test func `what was written is found again in the order of the requests`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/capture"
    for run in [Int64(5), 70_000] {
      let store = try CaptureStore(path: path, maxBytes: 1 << 20, startedAt: run)
      for number in [2, 1, 10] {
        try store.write(record(number, [UInt8(number)], target: "/v1/messages?beta=1"), dropped: 0)
      }
    }
    let index = ByteBuffer(copying: Scratch.bytes(CaptureReader.indexPath(path)))
    let reader = CaptureReader(directory: path, index: index.bytes)
    #expect(reader.unreadableLines == 0)
    #expect(reader.entries.map(\.number) == [1, 2, 10, 1, 2, 10])
    #expect(Set(reader.entries.map(\.path)) == ["/v1/messages"])
    for entry in reader.entries {
      #expect(Scratch.bytes(try #require(entry.request)) == [UInt8(entry.number)])
    }
  }

  @Test func `a full directory takes nothing more and keeps what it has`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/capture"
    let store = try CaptureStore(path: path, maxBytes: 4000, startedAt: 1)
    try store.write(record(1, awkward), dropped: 0)
    let before = Scratch.names(path)
    #expect(throws: CaptureError.full(path: path, maxBytes: 4000)) {
      try store.write(record(2, awkward + awkward + awkward), dropped: 0)
    }
    #expect(Scratch.names(path) == before)
    // A later run finds the directory as full as it is.
    let later = try CaptureStore(path: path, maxBytes: 1100, startedAt: 2)
    #expect(throws: CaptureError.full(path: path, maxBytes: 1100)) {
      try later.write(record(1, [1]), dropped: 0)
    }
  }

  @Test func `a file that cannot be written leaves nothing of its exchange`() throws {
    let scratch = try Scratch()
    let path = scratch.path + "/capture"
    let store = try CaptureStore(path: path, maxBytes: 1 << 20, startedAt: 1)
    try store.write(record(1, [1]), dropped: 0)
    let before = Scratch.names(path)
    // The same number once more: its file is there already.
    #expect(throws: CaptureError.self) { try store.write(record(1, [2]), dropped: 0) }
    let index = ByteBuffer(copying: Scratch.bytes(CaptureReader.indexPath(path)))
    #expect(CaptureReader(directory: path, index: index.bytes).entries.count == 1)
    #expect(Scratch.names(path) == before)
  }

  @Test func `a directory that cannot be had is an error with its path`() throws {
    let scratch = try Scratch()
    #expect(throws: CaptureError.failed(path: "/nowhere/at/all", code: ENOENT)) {
      try CaptureStore(path: "/nowhere/at/all", maxBytes: 1, startedAt: 1)
    }
    chmod(scratch.path, 0o777)
    #expect(throws: CaptureError.notPrivate(path: scratch.path)) {
      try CaptureStore(path: scratch.path, maxBytes: 1, startedAt: 1)
    }
  }

  @Test(arguments: [
    "", "nonsense", "{}", #"{"run":"a","number":1,"method":"POST"}"#,
    #"{"run":"a","number":1,"method":"POST","target":"/v1/messages","request":"../secret"}"#,
    #"{"run":"a","number":1,"method":"POST","target":"/v1/messages","request":".."}"#,
    #"{"run":"a","number":1,"method":"POST","target":"/v1/messages","request":"/etc/passwd"}"#,
  ])
  func `a line that does not belong into an index is counted and left alone`(_ line: String) {
    let index = ByteBuffer(Array((line + "\n").utf8))
    let reader = CaptureReader(directory: "d", index: index.bytes)
    #expect(reader.entries.isEmpty)
    #expect(reader.unreadableLines == (line.isEmpty ? 0 : 1))
  }
}

@Suite struct CredentialFieldsTests {
  private static let secret = "sk-ant-api03-Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA"

  @Test(arguments: [
    "Authorization", "x-api-key", "API-Key", "X-Goog-Api-Key", "Cookie", "Set-Cookie",
    "Proxy-Authorization", "X-Holdfast-Token", "x-amz-security-token",
  ])
  func `a field that carries a credential keeps its name only`(_ name: String) {
    var fields = HeaderFields()
    fields.append(name: name, value: "plain words")
    fields.append(name: "Accept", value: "*/*")
    let lines = CredentialFields.withoutCredentials(fields)
    #expect(lines.map(\.name) == [name, "Accept"])
    #expect(lines.map(\.value) == ["***", "*/*"])
  }

  @Test(arguments: [
    ("http://me:hunter2@host/path", "http://***@host/path"),
    ("see https://a:b@c and http://d/e@f", "see https://***@c and http://d/e@f"),
    ("/v1/x?key=abc&beta=true", "/v1/x?key=***&beta=true"),
    ("/v1/x?a=1&Access_Token=abc=def#k", "/v1/x?a=1&Access_Token=***#k"),
    ("claude-cli/2.0 (external, cli)", "claude-cli/2.0 (external, cli)"),
    ("note \(secret) end", "note *** end"), ("", ""), ("a=b", "a=b"), ("://@", "://***@"),
  ])
  func `a value loses what is secret in it`(_ value: String, _ masked: String) {
    #expect(CredentialFields.masked(value) == masked)
  }
}
