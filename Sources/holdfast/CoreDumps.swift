import CSystem
import Glibc

/// The memory of a proxy holds prompts, and credentials of requests that are under way.
enum CoreDumps {
  /// The limit stops core files. Programs that take dumps through a pipe do not heed it (core(5)), so
  /// the process is made undumpable, too; a debugger then needs to be root's.
  static func forbid() {
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    _ = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    _ = csystem_make_undumpable()
  }
}
