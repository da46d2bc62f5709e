import Glibc
import Testing

@testable import Ledger

@Suite struct WorkspaceTests {
  @Test(
    arguments: [
      "git@github.com:owner/repo.git", "git@github.com:owner/repo", "github.com:owner/repo.git",
      "ssh://git@github.com/owner/repo.git", "ssh://git@github.com:22/owner/repo",
      "https://github.com/owner/repo.git", "https://github.com/owner/repo",
      "https://github.com/owner/repo/", "https://user:token@GitHub.com/owner/repo.git/",
      "http://github.com:8080/owner/repo", "git://github.com/owner/repo.git",
      "git@github.com:/owner/repo.git", "  https://github.com/owner/repo.git\n",
    ])
  func `every way to write a remote is one workspace`(_ remote: String) {
    #expect(WorkspaceID.normalised(remote: remote) == "github.com/owner/repo")
    #expect(WorkspaceID.of(remote: remote) == WorkspaceID.of(remote: "github.com:owner/repo"))
  }

  @Test(
    arguments: [
      ("/srv/git/repo.git", "/srv/git/repo"), ("file:///srv/git/repo.git", "/srv/git/repo"),
      ("../repo", "../repo"), ("ssh://git@[::1]:22/a/b.git", "[::1]/a/b"), ("", ""),
      ("https://", ""), (":", ""), ("a:", "a/"), ("/", "/"), (".git", ""),
    ])
  func `local and odd remotes have a form, too`(_ remote: String, _ form: String) {
    #expect(WorkspaceID.normalised(remote: remote) == form)
  }

  @Test func `another owner, host or repository is another workspace`() {
    let ids = [
      "https://github.com/owner/repo", "https://github.com/other/repo",
      "https://gitlab.com/owner/repo", "https://github.com/owner/repo2",
    ].map(WorkspaceID.of(remote:))
    #expect(Set(ids).count == 4)
    #expect(ids.allSatisfy { $0.utf8.count == 16 && UInt64($0, radix: 16) != nil })
  }

  @Test func `origin counts before other remotes, and without it the first`() {
    let text = """
      [core]
      \tbare = false
      [remote "fork"]
      \turl = https://example.org/fork
      [remote "origin"]
      \tfetch = +refs/heads/*:refs/remotes/origin/*
      \turl = https://example.org/origin
      """
    #expect(WorkspaceID.remote(inGitConfiguration: text) == "https://example.org/origin")
    #expect(
      WorkspaceID.remote(inGitConfiguration: String(text.prefix(100)))
        == "https://example.org/fork")
    #expect(WorkspaceID.remote(inGitConfiguration: "[core]\nurl = x\n[remote") == nil)
  }

  @Test func `a directory inside a repository or a linked working tree belongs to its remote`() {
    let scratch = ScratchLedger()
    let top = scratch.directory
    for directory in ["/a", "/a/.git", "/a/.git/worktrees", "/a/.git/worktrees/b", "/a/sub", "/b"] {
      mkdir(top + directory, 0o700)
    }
    write(top + "/a/.git/config", "[remote \"origin\"]\n\turl = git@h:o/r.git\n")
    write(top + "/b/.git", "gitdir: \(top)/a/.git/worktrees/b\n")
    write(top + "/a/.git/worktrees/b/commondir", "../..\n")
    let id = WorkspaceID.of(remote: "https://h/o/r")
    #expect(Workspace.id(directory: top + "/a") == id)
    #expect(Workspace.id(directory: top + "/a/sub") == id)
    #expect(Workspace.id(directory: top + "/b") == id)
    #expect(Workspace.id(directory: top) == WorkspaceID.of(directory: top))
  }

  private func write(_ path: String, _ text: String) {
    guard let file = fopen(path, "w") else { return }
    fputs(text, file)
    fclose(file)
  }
}
