import Glibc

@main
enum Main {
  static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    switch arguments.first {
    case nil: runBenchmarks()
    case "soak": exit(soak(Array(arguments.dropFirst())))
    case "ledger": exit(ledgerLag(Array(arguments.dropFirst())))
    case "relay": exit(relayCost(Array(arguments.dropFirst())))
    case RelayPeer.argument: RelayPeer.run(Array(arguments.dropFirst()))
    default:
      print("usage: holdfast-bench [soak [TURNS] [OPTION OF HOLDFAST...]]")
      print("       holdfast-bench ledger [TURNS [RUNS]] [OPTION OF HOLDFAST...]")
      print("       holdfast-bench relay [ROUNDS] [OPTION OF HOLDFAST...]")
      exit(2)
    }
  }
}
