import Bytes

/// Names a project without telling which: a digest of the git remote, or of the directory where
/// there is none. Pure; the counterpart that looks into the file system is `Workspace`.
enum WorkspaceID {
  /// 16 hexadecimal digits; equal for every way to write the address of one repository.
  static func of(remote: String) -> String {
    String(Digest(of: "remote " + normalised(remote: remote)).hex.prefix(16))
  }

  /// For a directory that belongs to no repository with a remote.
  static func of(directory: String) -> String {
    String(Digest(of: "directory " + directory).hex.prefix(16))
  }

  /// `host/path` for any of `ssh://git@host:22/path.git`, `git@host:path`, `https://host/path/`;
  /// the path alone for a local one. Scheme, user, password and port are left out, because they
  /// differ between people and protocols.
  static func normalised(remote: String) -> String {
    var text = Substring(remote.drop { $0.isWhitespace })
    while let last = text.last, last.isWhitespace { text.removeLast() }
    var host = ""
    var path = text
    if let scheme = text.firstRange(of: "://") {
      let rest = text[scheme.upperBound...]
      let end = rest.firstIndex(of: "/") ?? rest.endIndex
      host = self.host(rest[..<end])
      path = rest[end...]
    } else if let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/") {
      host = self.host(text[..<colon])
      path = text[text.index(after: colon)...]
    }
    if !host.isEmpty { path = path.drop { $0 == "/" } }
    while path.count > 1, path.last == "/" { path.removeLast() }
    if path.hasSuffix(".git") { path = path.dropLast(4) }
    while path.count > 1, path.last == "/" { path.removeLast() }
    return host.isEmpty ? String(path) : host + "/" + path
  }

  private static func host(_ authority: Substring) -> String {
    var host = authority
    if let at = host.lastIndex(of: "@") { host = host[host.index(after: at)...] }
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
      host = host[...end]
    } else if let colon = host.firstIndex(of: ":") {
      host = host[..<colon]
    }
    return host.lowercased()
  }

  /// The URL of `origin` in the text of a git configuration file, else that of the first remote.
  static func remote(inGitConfiguration text: String) -> String? {
    var section = ""
    var first: String?
    for line in text.split(whereSeparator: \.isNewline) {
      let line = line.drop { $0.isWhitespace }
      if line.hasPrefix("[") {
        section = String(line.prefix { $0 != "]" })
        continue
      }
      guard section.hasPrefix("[remote "), let equals = line.firstIndex(of: "="),
        line[..<equals].split(whereSeparator: \.isWhitespace) == ["url"]
      else { continue }
      let url = String(line[line.index(after: equals)...].drop { $0.isWhitespace })
      if section == "[remote \"origin\"" { return url }
      first = first ?? url
    }
    return first
  }
}
