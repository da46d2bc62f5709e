import CSystem
import Glibc

/// A pane of tmux beside the one that a command runs in.
enum TmuxSplit {
  /// Whether this process runs in tmux.
  static var isPossible: Bool { getenv("TMUX") != nil && getenv("TMUX_PANE") != nil }

  /// Opens a pane that runs `words` and ends with it; the cursor stays where it is.
  /// - Returns: the process of the `tmux` that does it, to be waited for.
  static func open(_ words: [String]) throws(ChildCommand.Fault) -> pid_t {
    guard let pane = getenv("TMUX_PANE").map({ String(cString: $0) }) else {
      throw .notFound("tmux")
    }
    var rows: UInt16 = 0
    var columns: UInt16 = 0
    _ = csystem_window_size(0, &rows, &columns)
    // Beside the command where both have room for lines of usual length, else below it.
    let place = columns >= 180 ? ["-h", "-l", "45%"] : ["-v", "-l", "40%"]
    return try ChildCommand.spawn(
      ["tmux", "split-window", "-d", "-t", pane] + place + ["--"] + words)
  }
}
