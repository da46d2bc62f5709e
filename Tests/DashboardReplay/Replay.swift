import Dashboard
import Glibc

/// Shows the dashboard with the fixed story, for tests of the terminal and for looking at it.
func runReplay() {
  setlocale(LC_ALL, "")
  let arguments = Array(CommandLine.arguments.dropFirst())
  switch arguments.first {
  case "frame" where arguments.count >= 3:
    guard let columns = Int(arguments[1]), let rows = Int(arguments[2]) else { return usage() }
    printFrame(
      Size(columns: columns, rows: rows), ascii: arguments.count > 3 && arguments[3] == "ascii",
      keys: arguments.count > 4 ? arguments[4] : "")
  case "run": LiveReplay(arguments: Array(arguments.dropFirst())).run()
  default: usage()
  }
}

private func usage() {
  print(
    """
    usage: dashboard-replay frame COLUMNS ROWS [ascii|unicode] [keys]
           dashboard-replay run [--ascii] [--empty] [--read-only] [--measure-only] [--no-color]
                                [--commands FIFO]
    """)
}
