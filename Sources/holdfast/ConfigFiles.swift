import CSystem
import Glibc
import Settings

/// Finds and reads the configuration files of this process.
struct ConfigFiles {
  private static let workspaceName = ".holdfast.toml"
  /// No configuration is longer; what is, is something else.
  private static let longest = 1 << 20

  var environment: (String) -> String?
  var directory: String?

  /// Those of the running process.
  static var current: ConfigFiles {
    ConfigFiles(environment: variable, directory: Self.workingDirectory())
  }

  /// The command line with what the environment and the files add.
  func fill(_ line: ParsedCommandLine) throws(UsageError) -> ParsedCommandLine {
    var layers = SettingLayers(environment: environment)
    // Commands that take no configuration are not held up by a mistake in one.
    if !line.has("no-config"), takesConfiguration(line.command) {
      if let path = line.last("config") {
        layers.user = try file(path, isRequired: true)
      } else if let path = userFile {
        layers.user = try file(path, isRequired: false)
      }
      layers.workspace = try workspaceFile()
    }
    return try line.filled(from: layers)
  }

  private func takesConfiguration(_ command: Command) -> Bool {
    OptionTable.options(for: command).contains { $0.name == "config" }
  }

  private var userFile: String? {
    if let base = environment("XDG_CONFIG_HOME"), base.hasPrefix("/") {
      return base + "/holdfast/config.toml"
    }
    return environment("HOME").map { $0 + "/.config/holdfast/config.toml" }
  }

  /// The nearest one upwards, no farther than the root of the repository or the home directory.
  private func workspaceFile() throws(UsageError) -> ConfigFile? {
    guard var place = directory, place.hasPrefix("/") else { return nil }
    let home = environment("HOME")
    while !place.isEmpty {
      let path = place + "/" + Self.workspaceName
      if isOwn(path), let found = try file(path, isRequired: false) { return found }
      if place == home || access(place + "/.git", F_OK) == 0 { return nil }
      guard let slash = place.lastIndex(of: "/") else { return nil }
      place = String(place[..<slash])
    }
    return nil
  }

  /// In a directory that all may write to, the file may be anybody's.
  private func isOwn(_ path: String) -> Bool {
    var facts = stat()
    return stat(path, &facts) == 0 && (facts.st_uid == geteuid() || facts.st_uid == 0)
  }

  private func file(_ path: String, isRequired: Bool) throws(UsageError) -> ConfigFile? {
    let descriptor = csystem_open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK, 0)
    guard descriptor >= 0 else {
      if !isRequired, errno == ENOENT || errno == ENOTDIR { return nil }
      throw .badConfiguration(
        place: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    while bytes.count <= Self.longest {
      let count = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { buffer in
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
        return count
      }
      if count == 0 { break }
      guard count > 0 else {
        throw .badConfiguration(
          place: path, reason: "cannot be read: \(String(cString: strerror(errno)))")
      }
    }
    guard bytes.count <= Self.longest else {
      throw .badConfiguration(place: path, reason: "is larger than 1 MiB; this is no configuration")
    }
    return try ConfigFile(path: path, text: String(decoding: bytes, as: UTF8.self))
  }

  private static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  private static func workingDirectory() -> String? {
    guard let path = getcwd(nil, 0) else { return nil }
    defer { free(path) }
    return String(cString: path)
  }
}
