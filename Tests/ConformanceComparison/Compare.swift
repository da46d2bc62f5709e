import Conformance
import EventLoop
import Foundation
import TestSupport

/// Plays every case through Holdfast, and through nginx and HAProxy where they are installed, and
/// prints how many each of them kept, by chapter of the RFCs.
///
/// `compare-conformance [--verbose] [--only WORD] [NAME...]`: `--verbose` lists the cases that were
/// not kept, `--only` plays the cases whose description holds the word, names choose the programs.
@main
enum Compare {
  static func main() throws {
    var arguments = Array(CommandLine.arguments.dropFirst())
    let isVerbose = arguments.contains("--verbose")
    arguments.removeAll { $0 == "--verbose" }
    var cases = ProxyCase.all
    if let place = arguments.firstIndex(of: "--only"), place + 1 < arguments.count {
      let word = arguments[place + 1]
      cases = cases.filter { $0.description.contains(word) }
      arguments.removeSubrange(place...place + 1)
    }
    let chosen = Peer.all.filter { arguments.isEmpty || arguments.contains($0.name) }
    var results: [(name: String, failed: [String: String])] = []
    for peer in chosen {
      guard let program = peer.program else {
        print("\(peer.name): not installed, left out")
        continue
      }
      let failed = try play(cases, peer, program)
      results.append((peer.name, failed))
      if isVerbose {
        for example in cases {
          guard let objection = failed[example.description] else { continue }
          print("\(peer.name): \(example): \(objection)")
        }
      }
    }
    printTable(cases, results)
    if results.first(where: { $0.name == "holdfast" })?.failed.isEmpty == false { exit(1) }
  }

  private static func play(
    _ cases: [ProxyCase], _ peer: Peer, _ program: String
  ) throws -> [String: String] {
    let test = try TestLoop()
    let upstream = try ScriptedUpstream(loop: test.loop)
    let running = try peer.start(program, upstream: upstream.address, test: test)
    defer { running.stop() }
    var failed: [String: String] = [:]
    for example in cases {
      let run = CaseRun(example, proxy: running.address, upstream: upstream, test: test)
      failed[example.description] = run.objection(patienceMillis: 1_500, quietRounds: 25)
      if !running.process.isRunning { throw PeerFailure(text: "\(peer.name) died: \(example)") }
    }
    upstream.close()
    return failed
  }

  private static func printTable(
    _ cases: [ProxyCase], _ results: [(name: String, failed: [String: String])]
  ) {
    func row(_ title: String, _ cells: [String]) {
      let padded = cells.map { String(repeating: " ", count: max(0, 10 - $0.count)) + $0 }
      print(title.padding(toLength: 12, withPad: " ", startingAt: 0) + padded.joined())
    }
    row("section", ["cases"] + results.map(\.name))
    for chapter in ProxyCase.chapters {
      let part = cases.filter { $0.chapter == chapter }
      if part.isEmpty { continue }
      row(
        chapter,
        ["\(part.count)"]
          + results.map { result in
            "\(part.count { result.failed[$0.description] == nil })"
          })
    }
    row(
      "all",
      ["\(cases.count)"] + results.map { "\(cases.count - $0.failed.count)" })
  }
}
