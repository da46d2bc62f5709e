/// One command-line option. The table of options is the only place where an option is described:
/// parsing, `--help` and the README follow it.
public struct Option: Sendable {
  enum Kind: Sendable, Equatable {
    case flag
    /// Takes a value, shown by this name in the help.
    case value(String)
    /// Takes a value only in the form `--name=VALUE`; alone it means the second text.
    case optionalValue(String, default: String)
  }

  public let name: String
  let short: Character?
  let kind: Kind
  public let help: String
  let commands: Set<Command>

  /// Whether it may be given more than once, each adding to the others.
  var isRepeatable: Bool { ["upstream", "no-pin"].contains(name) }
  /// Whether its value must not be shown.
  var isSecret: Bool { name == "client-token" }

  init(
    _ name: String, _ short: Character? = nil, _ kind: Kind = .flag, in commands: Set<Command>,
    _ help: String
  ) {
    self.name = name
    self.short = short
    self.kind = kind
    self.commands = commands
    self.help = help
  }
}

public enum Command: String, Sendable, CaseIterable {
  /// Without a command word: run the proxy.
  case proxy = ""
  case demo
  case attach
  case run
  case upstreamSim = "upstream-sim"
  case bench
  case explain
  case check
  case stats
  case sessions
  case show
  case cache

  var summary: String {
    switch self {
    case .proxy: "run the proxy between agents and a model server"
    case .demo: "the same with a built-in model server and scripted agents; needs nothing else"
    case .attach: "show the dashboard of a proxy that runs elsewhere; leaving it changes nothing"
    case .run: "run a command with a proxy of its own, to which agents in it are pointed"
    case .upstreamSim: "run the built-in model server alone"
    case .bench:
      "play one session pinned and unpinned, and compare"
    case .explain: "read captured request bodies and say where each one broke, and why"
    case .check: "the same for continuous integration: exit 1 if the prefix breaks too much"
    case .stats: "what the ledger knows: hit rate, breaks and costs, in all and per session"
    case .sessions: "list the sessions in the ledger"
    case .show: "show a session of the ledger, or one of its turns"
    case .cache: "what a session of the ledger did with the cache: figures, turns or zones"
    }
  }

  /// How the arguments behind the options are called; nil if there are none.
  var arguments: String? {
    switch self {
    case .proxy, .demo, .upstreamSim, .bench, .stats, .sessions: nil
    case .attach: "[SOCKET]"
    case .run: "COMMAND [ARGUMENT...]"
    case .explain, .check: "FILE|DIR..."
    case .show: "SESSION[/TURN]"
    case .cache: "stats|inspect|zones SESSION"
    }
  }
}

public enum OptionTable {
  private static let serving: Set<Command> = [.proxy, .demo, .run]
  private static let forwarding: Set<Command> = [.proxy, .run]
  private static let shown = serving.union([.attach])
  private static let offline: Set<Command> = [.explain, .check]
  private static let stored: Set<Command> = [.stats, .sessions, .show]
  private static let configured = serving.union(stored).union([.attach, .check, .cache])
  private static let every = Set(Command.allCases)

  public static let options: [Option] = [
    Option(
      "listen", "l", .value("HOST:PORT"), in: serving.union([.upstreamSim]),
      "address to listen on (default 127.0.0.1:8089; run: a free port; upstream-sim: "
        + "127.0.0.1:8080)"),
    Option(
      "upstream", "u", .value("[NAME=]URL"), in: forwarding,
      "model server to forward to, e.g. http://localhost:8080; repeat it with names to serve "
        + "several: NAME=URL answers below /NAME/"),
    Option(
      "pin", nil, .optionalValue("MODE", default: "hold"), in: serving,
      "forward requests so that the server's cache survives: off (default), safe (lossless "
        + "repairs only) or hold; --pin alone means hold"),
    Option(
      "no-pin", nil, .value("CLASS,..."), in: serving,
      "never repair these classes of change; the dashboard's mode menu lists and switches them"),
    Option(
      "no-affinity", nil, in: serving,
      "with --pin: do not tie conversations to a slot (llama.cpp) or a machine (OpenAI, SGLang)"),
    Option(
      "no-probes", nil, in: serving,
      "ask upstreams nothing but what agents ask; without it they are asked what they are, how large "
        + "their window is and what their slots hold"),
    Option(
      "pin-state", nil, .value("WHAT"), in: serving,
      "text of pinned sessions in the ledger, to go on after a restart: all (default; the last "
        + "request, too), replacements (what was held) or none"),
    Option(
      "upstream-ca", nil, .value("FILE"), in: forwarding,
      "trust the certificate authorities in this PEM file for https upstreams, besides the system's"
    ),
    Option("no-tui", nil, in: shown, "print one line per turn instead of the dashboard"),
    Option("ndjson", nil, .value("FILE"), in: serving, "append one JSON object per turn to FILE"),
    Option(
      "capture", nil, .value("DIR"), in: serving,
      "write every request and response to this directory, prompts included, without the "
        + "credentials in their headers; explain and check read it"),
    Option(
      "capture-size", nil, .value("SIZE"), in: serving,
      "stop capturing when the directory holds this much (default 1G)"),
    Option(
      "response-headers", nil, in: serving,
      "add x-holdfast-* fields to responses: session, turn, cause, tokens kept"),
    Option(
      "native-diagnostics", nil, in: serving,
      "answer Anthropic's diagnostics and OpenAI's prompt_cache_diagnostics for servers that know "
        + "neither; adds a member to the responses of requests that ask"),
    Option(
      "ledger", nil, .value("FILE"), in: serving.union(stored).union([.cache]),
      "where turns and sessions are kept (default ledger.sqlite in "
        + "$XDG_STATE_HOME/holdfast or ~/.local/state/holdfast; demo: none)"),
    Option("no-ledger", nil, in: serving, "keep no ledger"),
    Option(
      "ledger-days", nil, .value("N"), in: serving,
      "days after which turns are deleted from the ledger (default 90)"),
    Option(
      "ledger-size", nil, .value("SIZE"), in: serving,
      "size beyond which the oldest turns are deleted from the ledger (default 512M)"),
    Option("ascii", nil, in: shown.union([.stats]), "draw with ASCII characters only"),
    Option(
      "color", nil, .value("WHEN"), in: shown,
      "auto, always or never (default auto; NO_COLOR means never)"),
    Option(
      "read-only", nil, in: shown,
      "the dashboard changes nothing; of a proxy neither does the control socket, and no request "
        + "is rewritten"),
    Option(
      "control", nil, .value("PATH"), in: serving,
      "control socket (default PORT.sock in $XDG_RUNTIME_DIR/holdfast or /tmp/holdfast-UID)"),
    Option("no-control", nil, in: serving, "make no control socket"),
    Option(
      "no-wait", nil, in: [.attach], "leave when the proxy ends, instead of waiting for it"),
    Option(
      "metrics", nil, .value("[HOST:]PORT"), in: serving,
      "serve figures for Prometheus at /metrics on this port, too (on 127.0.0.1 unless HOST says "
        + "otherwise)"),
    Option(
      "client-token", nil, .value("TOKEN"), in: serving,
      "answer only clients that send this token, see README; @FILE reads it from a file, and "
        + "HOLDFAST_CLIENT_TOKEN in the environment does as well"),
    Option(
      "max-body", nil, .value("SIZE"), in: serving,
      "largest request body, e.g. 64M (default 64M); more is answered 413"),
    Option(
      "max-in-flight", nil, .value("SIZE"), in: serving,
      "request bodies at a time, all together (default 1G); more are answered 503"),
    Option(
      "keep-bodies", nil, .value("SIZE"), in: serving,
      "memory for the last request and answer of each session (default 256M)"),
    Option(
      "max-sessions", nil, .value("N"), in: serving, "sessions to remember (default 1024)"),
    Option(
      "max-connections", nil, .value("N"), in: serving,
      "client connections at a time (default 4096); more are answered 503"),
    Option(
      "connect-timeout", nil, .value("SECONDS"), in: serving,
      "to reach the upstream, name look-up included (default 5)"),
    Option(
      "drain-timeout", nil, .value("SECONDS"), in: serving,
      "to finish running requests when stopped (default 30)"),
    Option("pace", nil, .value("FACTOR"), in: [.demo], "speed of the scripted agents (default 1)"),
    Option(
      "turns", nil, .value("N"), in: [.demo, .bench],
      "end after N turns of each agent (bench: default 50)"),
    Option("slots", nil, .value("N"), in: [.demo, .upstreamSim], "cache slots (default 4)"),
    Option(
      "prefill-speed", nil, .value("TOKENS/S"), in: [.demo, .upstreamSim],
      "uncached prompt tokens processed per second (default 12000)"),
    Option("json", nil, in: offline, "print one JSON object per request, as --ndjson writes them"),
    Option("json", nil, in: [.cache], "print JSON: one object, or one per turn"),
    Option("breaks", nil, in: offline, "print only requests that broke the prefix"),
    Option(
      "max-reprocessed", nil, .value("TOKENS"), in: [.check],
      "tokens that may be processed again, over all requests (default 0, or any number with "
        + "--min-preserved)"),
    Option(
      "min-preserved", nil, .value("PERCENT"), in: [.check],
      "share of the previous prompts' tokens that must be preserved (default 0)"),
    Option(
      "window", "w", .value("TIME"), in: [.stats, .sessions],
      "how far back: 90m, 24h, 7d or all (default all)"),
    Option("mode", nil, .value("MODE"), in: [.stats], "only turns in this pin mode"),
    Option("session", nil, .value("ID"), in: [.stats], "only this session"),
    Option(
      "workspace", nil, .value("ID"), in: [.stats, .sessions],
      "only this workspace; . is the one of the current directory"),
    Option(
      "compare", nil, .value("MODE,MODE"), in: [.stats],
      "compare two pin modes over their sessions, with a test whether they differ"),
    Option(
      "format", nil, .value("FORMAT"), in: stored, "table, json or csv (default table)"),
    Option(
      "prices", nil, .value("FILE"), in: serving.union(stored),
      "price list to use instead of the built-in one; same form as Resources/prices.json"),
    Option(
      "config", nil, .value("FILE"), in: configured,
      "configuration to use instead of config.toml in $XDG_CONFIG_HOME/holdfast or "
        + "~/.config/holdfast"),
    Option(
      "no-config", nil, in: configured, "read no configuration file at all"),
    Option(
      "print-config", nil, in: configured,
      "show the value of every option and where it comes from, and end"),
    Option(
      "print-default-config", nil, in: [.proxy],
      "show a configuration file with every option, commented out, and end"),
    Option("help", "h", in: every, "show this help"),
    Option("version", "V", in: every, "show the version"),
  ]

  public static func options(for command: Command) -> [Option] {
    options.filter { $0.commands.contains(command) }
  }
}
