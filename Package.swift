// swift-tools-version: 6.2
import PackageDescription

/// Set HOLDFAST_FUZZ=1 to add the libFuzzer targets; they have no `main` of their own.
let fuzzing = Context.environment["HOLDFAST_FUZZ"] != nil

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
  // Every object belongs to one thread; the dynamic checks cost a fifth of a small request.
  .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

func fuzzer(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = ["Corpus"]
) -> Target {
  .executableTarget(
    name: name, dependencies: dependencies, path: "Tests/Fuzz/\(name)", exclude: exclude,
    swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
}

let package = Package(
  name: "holdfast",
  products: [
    .executable(name: "holdfast", targets: ["holdfast"]),
    .executable(name: "holdfast-bench", targets: ["holdfast-bench"]),
  ],
  targets: [
    // C libraries, from Debian packages.
    .systemLibrary(name: "CUV", providers: [.apt(["libuv1-dev"])]),
    .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
    .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CXXHash", providers: [.apt(["libxxhash-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CBrotli", providers: [.apt(["libbrotli-dev"])]),
    .systemLibrary(name: "CZstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CSIMD"),
    .systemLibrary(name: "CSystem"),

    // Pure: no sockets, no files, no terminal, no clock.
    library("Bytes", ["CXXHash", "CSIMD", "CSystem"]),
    library("Wire", ["Bytes"]),
    library("Prompt", ["Bytes"]),
    library("Decompression", ["Bytes", "CZlib", "CBrotli", "CZstd"]),
    .target(
      name: "Upstream", dependencies: ["Bytes"],
      resources: [.embedInCode("../../Resources/prices.json")], swiftSettings: strict),
    library("Prefix", ["Bytes", "Prompt", "Upstream"]),
    library("Turns", ["Bytes", "Prompt", "Prefix", "Upstream"]),
    library("TurnCoding", ["Bytes", "Prompt", "Prefix", "Upstream", "Turns"]),
    library("Reports", ["Bytes", "Prompt", "Prefix", "Upstream", "Turns"]),
    library("Dashboard", ["Bytes", "Prompt", "Prefix", "Upstream", "Turns"]),
    .target(name: "CConfig"),
    library("Settings", ["CSystem", "CConfig"]),
    library(
      "Engine",
      ["Bytes", "Wire", "Decompression", "Prompt", "Prefix", "Upstream", "Turns", "Proxy"]),

    // Input and output.
    library(
      "Ledger",
      ["CSQLite", "COpenSSL", "CSystem", "Bytes", "Prompt", "Prefix", "Upstream", "Turns"]),
    library("EventLoop", ["CUV", "Bytes"]),
    library("TLS", ["Bytes", "EventLoop", "COpenSSL"]),
    library("Proxy", ["Bytes", "Wire", "EventLoop", "TLS"]),
    library("Capture", ["Bytes", "Wire", "Prefix", "Proxy", "CSystem"]),
    library("Terminal", ["Dashboard", "Upstream", "Turns", "EventLoop", "CNcurses", "CSystem"]),
    library(
      "Control", ["Bytes", "Wire", "Prefix", "Upstream", "Turns", "TurnCoding", "EventLoop"]),
    library("Simulator", ["Bytes", "Wire", "EventLoop"]),

    .executableTarget(
      name: "holdfast",
      dependencies: [
        "Bytes", "Wire", "Prompt", "Prefix", "Upstream", "Turns", "TurnCoding", "Reports",
        "Dashboard", "Settings", "Control",
        "Engine", "EventLoop", "TLS", "Proxy", "Capture", "Ledger", "Terminal", "Simulator",
        "CSystem",
      ],
      swiftSettings: strict),
    .executableTarget(
      name: "holdfast-bench",
      dependencies: ["Bytes", "Prompt", "Prefix", "EventLoop", "Simulator"],
      swiftSettings: strict),

    .systemLibrary(name: "CPseudoTerminal", path: "Tests/CPseudoTerminal"),
    // Apart from its decoder: what is only tested with is not to be loaded by the program.
    .systemLibrary(name: "CBrotliEncoder", path: "Tests/CBrotliEncoder"),
    library("TestSupport", ["Bytes", "EventLoop", "Wire", "COpenSSL"]),
    tests("BytesTests", ["Bytes", "CSIMD", "TestSupport"]),
    tests("WireTests", ["Wire", "Bytes", "TestSupport"]),
    tests("PromptTests", ["Prompt", "Bytes", "TestSupport"]),
    tests(
      "DecompressionTests",
      ["Decompression", "TestSupport", "CZlib", "CBrotliEncoder", "CZstd"]),
    tests("UpstreamTests", ["Upstream", "Bytes"]),
    tests("PrefixTests", ["Prefix", "Prompt", "Upstream", "Bytes", "TestSupport"]),
    tests(
      "CauseTests", ["Prefix", "Prompt", "Bytes", "TestSupport"], exclude: ["Fixtures"]),
    tests("TurnsTests", ["Turns", "Prefix", "Prompt", "Upstream"]),
    tests("TurnCodingTests", ["TurnCoding", "Turns", "Prompt", "Prefix", "Upstream", "Bytes"]),
    tests("ReportsTests", ["Reports", "Turns", "Prompt", "Prefix", "Upstream", "Bytes"]),
    .target(
      name: "DashboardFixtures",
      dependencies: ["Dashboard", "Turns", "Prompt", "Prefix", "Upstream"],
      path: "Tests/DashboardFixtures", swiftSettings: strict),
    .executableTarget(
      name: "dashboard-replay",
      dependencies: ["DashboardFixtures", "Dashboard", "Terminal", "Turns", "CSystem"],
      path: "Tests/DashboardReplay", swiftSettings: strict),
    tests(
      "DashboardTests",
      ["Dashboard", "DashboardFixtures", "Turns", "Prompt", "Prefix", "Upstream"],
      exclude: ["Screens"]),
    tests("SettingsTests", ["Settings"]),
    // A process that writes a ledger, for tests that kill it or take its space away.
    .executableTarget(
      name: "LedgerTestWriter",
      dependencies: ["Ledger", "Turns", "Prompt", "Prefix", "Upstream"],
      path: "Tests/LedgerTestWriter", swiftSettings: strict),
    tests(
      "LedgerTests",
      [
        "Ledger", "LedgerTestWriter", "CSQLite", "Turns", "Bytes", "Prompt", "Prefix", "Upstream",
        "TestSupport",
      ]),
    tests(
      "EngineTests",
      [
        "Engine", "Bytes", "Wire", "Prompt", "Prefix", "Upstream", "Turns", "Proxy", "CZlib",
        "TestSupport",
      ]),
    tests(
      "ControlTests",
      [
        "Control", "TurnCoding", "Turns", "Prefix", "Prompt", "Upstream", "EventLoop", "Wire",
        "Bytes", "TestSupport",
      ]),
    tests("CaptureTests", ["Capture", "Bytes", "Wire", "Proxy"]),
    tests("EventLoopTests", ["EventLoop", "Bytes"]),
    tests("TLSTests", ["TLS", "Bytes", "EventLoop", "TestSupport"]),
    tests("ProxyTests", ["Proxy", "Bytes", "EventLoop", "Wire", "TestSupport"]),
    .target(
      name: "Conformance", dependencies: ["EventLoop", "TestSupport"], path: "Tests/Conformance",
      swiftSettings: strict),
    tests(
      "ConformanceTests", ["Conformance", "Proxy", "Bytes", "EventLoop", "Wire", "TestSupport"]),
    .executableTarget(
      name: "compare-conformance", dependencies: ["Conformance", "EventLoop", "TestSupport"],
      path: "Tests/ConformanceComparison", swiftSettings: strict),
    tests(
      "TerminalTests",
      ["Terminal", "Dashboard", "Turns", "TestSupport", "CPseudoTerminal", "dashboard-replay"]),
    tests("SimulatorTests", ["Simulator", "EventLoop", "Wire", "Bytes"]),
    tests(
      "EndToEndTests",
      ["TestSupport", "Simulator", "EventLoop", "Wire", "Bytes", "Prefix", "Dashboard"]),
  ]
    + (fuzzing
      ? [
        fuzzer("FuzzWire", ["Wire", "Bytes"], exclude: ["Corpus", "wire.dict"]),
        fuzzer("FuzzPrompt", ["Prompt", "Bytes"]),
        fuzzer("FuzzDecompression", ["Decompression"]),
      ] : []),
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu17,
  cxxLanguageStandard: .cxx17
)

/// HOLDFAST_TESTS=PrefixTests,WireTests leaves out all that these test targets do not need: a change
/// of a low module is then tried in a fraction of the time.
if let chosen = Context.environment["HOLDFAST_TESTS"] {
  var needed = Set(chosen.split(separator: ",").map(String.init))
  var open = Array(needed)
  while let name = open.popLast() {
    for dependency in package.targets.first(where: { $0.name == name })?.dependencies ?? [] {
      if case .byNameItem(let name, _) = dependency, needed.insert(name).inserted {
        open.append(name)
      }
    }
  }
  package.targets.removeAll { !needed.contains($0.name) }
  package.products.removeAll()
}
