import Glibc

/// What the kernel counts for the process.
extension HoldfastProcess {
  /// Processor time so far, of all its threads.
  var processorMillis: Int {
    // Behind the name, which may hold blanks: fields 14 and 15 of the whole line.
    guard let text = readText("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
      return 0
    }
    let fields = text[end...].split(separator: " ")
    guard fields.count > 13, let user = Int(fields[12]), let system = Int(fields[13]) else {
      return 0
    }
    return (user + system) * 1000 / max(1, sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Sanitizers keep freed memory and shadows of it: what there is of it means nothing then.
  static var isSanitized: Bool { getenv("HOLDFAST_SANITIZER") != nil }

  static var isWatchedForRaces: Bool {
    getenv("HOLDFAST_SANITIZER").map { String(cString: $0) } == "thread"
  }

  var residentBytes: Int { figure("VmRSS:") }
  var peakResidentBytes: Int { figure("VmHWM:") }

  private func figure(_ name: String) -> Int {
    let line = readText("/proc/\(process)/status")?.split(separator: "\n").first {
      $0.hasPrefix(name)
    }
    let words = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }) ?? []
    return words.count > 1 ? (Int(words[1]) ?? 0) * 1024 : 0
  }
}
