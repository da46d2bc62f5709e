import Bytes
import Glibc
import Prefix
import Prompt
import Testing
import Turns
import Upstream

@testable import Reports

/// Resources/grafana-dashboard.json asks for what there is.
@Suite struct GrafanaTests {
  private static func dashboard() throws -> JSONValue {
    let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    let path = parts.dropLast(3).joined(separator: "/") + "/Resources/grafana-dashboard.json"
    let file = try #require(fopen(path, "r"))
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = fread(&part, 1, part.count, file)
      if count == 0 { break }
      bytes += part[..<count]
    }
    return try #require(bytes.withUnsafeBytes { JSONValue($0) }, "\(path) is no JSON")
  }

  /// Names of everything that is served, as queries name it.
  private static func served() -> Set<String> {
    var figures = ProcessFigures()
    figures.loopBusy = Histogram(bounds: [1])
    figures.residentBytes = 0
    figures.cpuSeconds = 0
    figures.openDescriptors = 0
    figures.maxDescriptors = 0
    figures.startedAt = 0
    var names: Set<String> = []
    for line in TurnMetrics().text(figures).split(separator: "\n") where line.hasPrefix("# TYPE ") {
      let words = line.split(separator: " ").map(String.init)
      if words[3] == "histogram" {
        for suffix in ["_bucket", "_sum", "_count"] { names.insert(words[2] + suffix) }
      } else {
        names.insert(words[2])
      }
    }
    return names
  }

  private static func names(in query: String) -> [String] {
    query.split { !($0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_")) }.map(String.init)
      .filter { $0.hasPrefix("holdfast_") || $0.hasPrefix("process_") }
  }

  @Test func `every query of every panel asks for a metric that is served`() throws {
    let panels = try #require(try Self.dashboard()["panels"]?.array)
    let served = Self.served()
    for panel in panels {
      let queries = (panel["targets"]?.array ?? []).compactMap { $0["expr"]?.string }
      #expect(!queries.isEmpty, "\(panel["title"]?.string ?? "")")
      for query in queries {
        let names = Self.names(in: query)
        #expect(!names.isEmpty, "\(query)")
        for name in names { #expect(served.contains(name), "\(name) in \(query)") }
      }
    }
  }

  @Test func `panels have places and numbers of their own`() throws {
    let panels = try #require(try Self.dashboard()["panels"]?.array)
    let numbers = panels.compactMap { $0["id"]?.integer }
    #expect(numbers.count == panels.count)
    #expect(Set(numbers).count == numbers.count)
    var cells: Set<[Int]> = []
    for panel in panels {
      let place = try #require(panel["gridPos"])
      let (x, y) = (place["x"]?.integer ?? -1, place["y"]?.integer ?? -1)
      let (width, height) = (place["w"]?.integer ?? 0, place["h"]?.integer ?? 0)
      #expect(x >= 0 && x + width <= 24)
      for column in x..<x + width {
        for row in y..<y + height { #expect(cells.insert([column, row]).inserted) }
      }
    }
  }
}
