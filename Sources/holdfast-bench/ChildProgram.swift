import Glibc

/// A program that lies beside this one, run without a terminal.
final class ChildProgram {
  let path: String
  private var process = pid_t()

  /// Waits until it listens, which it says on its standard output. Nil if it cannot be started.
  init?(_ arguments: [String], file: String = "holdfast") {
    guard let own = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(own) }
    let name = String(cString: own)
    path = name[..<(name.lastIndex(of: "/") ?? name.startIndex)] + "/" + file
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    let settings = ["PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"]
    var words = ([path] + arguments).map { strdup($0) } + [nil]
    var environment = settings.map { strdup($0) } + [nil]
    defer { for word in words + environment { free(word) } }
    let code = posix_spawn(&process, path, &actions, nil, &words, &environment)
    close(ends[1])
    var first: UInt8 = 0
    // The first byte of the banner; the rest is not read, and the log ends.
    guard code == 0, read(ends[0], &first, 1) == 1 else {
      close(ends[0])
      return nil
    }
    close(ends[0])
  }

  func stop() {
    kill(process, SIGTERM)
    waitpid(process, nil, 0)
  }

  var residentBytes: Int {
    guard let file = fopen("/proc/\(process)/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let text = String(
      decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let words = text.split(separator: " ")
    return words.count > 1 ? (Int(words[1]) ?? 0) * sysconf(Int32(_SC_PAGESIZE)) : 0
  }

  var descriptors: Int {
    guard let folder = opendir("/proc/\(process)/fd") else { return 0 }
    defer { closedir(folder) }
    var count = 0
    while readdir(folder) != nil { count += 1 }
    return count - 2
  }
}
