import Glibc
import Testing

/// The dashboard's thread on a real terminal.
@Suite(.serialized, .enabled(if: Tmux.isAvailable, "tmux is not installed"))
struct TerminalTests {
  @Test func `the first screen shows the sessions`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    #expect(tmux.lines()[0].hasPrefix(" holdfast 127.0.0.1:8089 -> 127.0.0.1:8080"))
    #expect(tmux.value("#{alternate_on}#{cursor_flag}") == "10")
  }

  @Test func `every size is drawn anew and the first one comes back the same`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    let first = tmux.capture()
    for (columns, rows, text) in [
      (80, 24, "broke at"), (60, 15, "1/4 Sess"), (40, 8, "1/4 Sess"), (34, 7, "terminal is 34x7"),
    ] {
      tmux.resize(columns, rows)
      tmux.wait("a screen of \(columns)x\(rows)") {
        let lines = tmux.lines()
        return lines.contains { $0.contains(text) }
          && (rows < 8 || lines[rows - 1].hasSuffix("q quit"))
      }
      #expect(tmux.lines().allSatisfy { $0.unicodeScalars.count <= columns })
    }
    tmux.resize(120, 35)
    tmux.wait("the first screen") { tmux.capture() == first }
  }

  @Test(arguments: [
    "screen", "screen-256color", "tmux-256color", "xterm-256color", "linux", "xterm-mono", "vt100",
  ])
  func `the text is the same on every kind of terminal`(_ term: String) throws {
    let tmux = try Tmux()
    tmux.start(columns: 80, rows: 24, options: "--ascii", environment: "TERM=\(term)")
    tmux.wait("the last line") { tmux.lines().count > 23 && tmux.lines()[23].hasSuffix("q quit") }
    #expect(
      tmux.capture().contains("> a1b2c3d4 hold    47   8% 100%   ..     0  msg[3] tool_result"))
  }

  @Test(arguments: ["TERM=dumb", "TERM=", "TERM=no-such-terminal"])
  func `a terminal that cannot place its cursor gets no dashboard`(_ environment: String) throws {
    let tmux = try Tmux()
    tmux.start(environment: environment)
    tmux.wait("line mode")
    #expect(tmux.value("#{alternate_on}") == "0")
  }

  @Test(arguments: [("", "--no-color"), ("NO_COLOR=1", "")])
  func `without colours there is no colour sequence`(_ environment: String, _ options: String)
    throws
  {
    let tmux = try Tmux()
    tmux.start(options: options, environment: environment)
    tmux.wait("turn   47")
    let codes = tmux.capture(escapes: true).split(separator: "\u{1b}").compactMap {
      part -> String? in
      guard part.hasPrefix("["), let end = part.firstIndex(of: "m") else { return nil }
      return String(part[part.index(after: part.startIndex)..<end])
    }
    #expect(!codes.isEmpty)
    for code in codes.flatMap({ $0.split(separator: ";") }) {
      let number = Int(code) ?? 0
      #expect(!(30...38).contains(number) && !(40...48).contains(number), "\(code)")
    }
  }

  @Test(arguments: [("LC_ALL=C", ""), ("", "--ascii")])
  func `ASCII mode puts nothing else on the screen`(_ environment: String, _ options: String) throws
  {
    let tmux = try Tmux()
    tmux.start(options: options, environment: environment)
    tmux.wait("turn   47")
    #expect(tmux.capture().utf8.allSatisfy { $0 == 0x0A || ($0 >= 0x20 && $0 < 0x7F) })
  }

  @Test func `leaving gives the terminal back as it was`() throws {
    let tmux = try Tmux()
    tmux.start(
      before: "stty -a > \(tmux.commands).stty; clear", then: "echo status $?; stty -a; cat")
    tmux.wait("turn   47")
    tmux.keys("q")
    tmux.wait("stop the proxy?")
    tmux.keys("d")
    tmux.wait("left: lineMode")
    tmux.wait("speed")
    let before = Shell.run("cat \(tmux.commands).stty; rm \(tmux.commands).stty")
    #expect(tmux.capture().contains(before.split(separator: "\n").last ?? "nothing"))
    #expect(tmux.capture().contains("flags unchanged"))
    #expect(tmux.capture().contains("status 0"))
    #expect(tmux.value("#{alternate_on}#{cursor_flag}") == "01")
  }

  @Test func `a crash gives the terminal back and keeps its status`() throws {
    let tmux = try Tmux()
    tmux.start(environment: "SWIFT_BACKTRACE=enable=no")
    tmux.wait("turn   47")
    tmux.command("crash")
    tmux.wait("status 132")
    tmux.wait(" icanon")
    #expect(tmux.capture().contains(" echo "))
    #expect(tmux.capture().contains("crash asked for"))
    #expect(tmux.value("#{alternate_on}#{cursor_flag}") == "01")
  }

  @Test func `the owner can end it`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.command("stop")
    tmux.wait("left: stopped")
  }

  @Test func `when the terminal goes away the dashboard ends`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    let process = try #require(tmux.replayProcess())
    tmux.tmux("kill-session -t t")
    tmux.wait("the end of the process") { !Tmux.isRunning(process) }
  }

  @Test func `a paste runs nothing`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.tmux("set-buffer 'pqPmKQQ'")
    tmux.tmux("paste-buffer -p -t t")
    tmux.wait("paste ignored")
    tmux.keys("2")
    tmux.wait("[2 Session]")
    tmux.keys("1q")
    tmux.wait("stop the proxy?")
    tmux.keys("d")
    tmux.wait("left: lineMode")
    #expect(!tmux.capture().contains("command"))
  }

  @Test func `keys send commands to the proxy`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.keys("Down p")
    tmux.keys("q")
    tmux.wait("stop the proxy?")
    tmux.keys("s")
    tmux.wait("left: drain")
    #expect(tmux.capture().contains("command setMode"))
  }

  @Test func `suspending is refused and the process runs on`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.keys("C-z")
    tmux.wait("stopping the proxy would stop the agent")
    tmux.keys("4")
    tmux.wait("[4 Costs]")
  }

  @Test func `what libraries write to standard error waits until the end`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    let before = tmux.capture()
    tmux.command("noise a library complains")
    tmux.command("turn")
    tmux.wait("turn   48")
    #expect(before != tmux.capture())
    #expect(!tmux.capture().contains("complains"))
    tmux.keys("q")
    tmux.wait("stop the proxy?")
    tmux.keys("k")
    tmux.wait("standard error: a library complains")
  }

  @Test func `hostile text shows as text`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.command("hostile")
    tmux.keys("2")
    tmux.wait("\\x1b[2J\\u{202e}evil")
    #expect(tmux.lines()[0].contains("holdfast"))
    #expect(tmux.tmux("list-buffers").isEmpty)
  }

  @Test func `Esc closes what is being typed`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.keys("/ c o d e x")
    tmux.wait(" /codex")
    tmux.keys("Escape")
    tmux.wait("the prompt's end") { !tmux.capture().contains(" /codex") }
  }

  @Test func `an idle dashboard never wakes up`() throws {
    let tmux = try Tmux()
    tmux.start(options: "--empty")
    tmux.wait("no sessions yet")
    tmux.command("turn")
    tmux.wait("turn   48")
    let process = try #require(tmux.replayProcess())
    // The last frame may still be on its way.
    tmux.wait("two equal counts") {
      let before = Tmux.switches(of: "dashboard", in: process)
      usleep(200_000)
      return before == Tmux.switches(of: "dashboard", in: process)
    }
    let before = try #require(Tmux.switches(of: "dashboard", in: process))
    usleep(1_500_000)
    #expect(Tmux.switches(of: "dashboard", in: process) == before)
  }

  @Test func `a stored session opens and goes back to its first turn`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.keys("o")
    tmux.wait("stored sessions")
    tmux.wait("51ab77e0")
    tmux.keys("Down Enter")
    tmux.wait("of 412")
    tmux.keys("g")
    tmux.wait(">     1")
    tmux.keys("G")
    tmux.wait(">   412")
    tmux.keys("q")
    tmux.wait("[1 Sessions]")
  }

  @Test func `costs come in tokens, seconds and money`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.keys("4")
    tmux.wait("unit: tokens")
    tmux.wait("today")
    tmux.keys("u")
    tmux.wait("unit: seconds")
    tmux.wait("no cache")
    tmux.keys("u")
    tmux.wait("unit: money")
    tmux.wait("unpriced")
  }

  @Test func `freezing holds the picture and lets it go again`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.keys("f")
    tmux.wait("FROZEN")
    for _ in 0..<3 { tmux.command("turn") }
    tmux.wait("3 turns waiting")
    #expect(!tmux.capture().contains("turn   50"))
    tmux.keys("f")
    tmux.wait("turn   50")
  }

  @Test func `help lists the keys and any key closes it`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    for screen in 1...4 {
      tmux.keys("\(screen)")
      tmux.wait("[\(screen) ")
      tmux.keys("?")
      tmux.wait("this help")
      tmux.keys("x")
      tmux.wait("the end of the help") { !tmux.capture().contains("this help") }
    }
  }

  @Test func `a search that finds nothing says so, a filter shows in the title`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.keys("/ n o p e Enter")
    tmux.wait("no match for nope")
    tmux.keys("Escape")
    tmux.tmux("send-keys -t t -l '\\codex'")
    tmux.wait("filter: codex")
    tmux.keys("Enter")
    tmux.wait("only codex") { !tmux.capture().contains("> a1b2c3d4") }
    tmux.keys("Escape")
    tmux.wait("all rows") { tmux.capture().contains(" a1b2c3d4 claude-code") }
  }

  @Test func `an upstream that goes down shows at once and comes back`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.command("down")
    tmux.wait("UPSTREAM DOWN 41s: connection refused")
    tmux.command("up")
    tmux.wait("is up again")
    tmux.wait("up 3ms")
  }

  @Test func `an evicted session hands the cursor on`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("> a1b2c3d4")
    tmux.command("evict")
    tmux.wait("was evicted")
    tmux.wait("> 05de77f1")
  }

  @Test func `pinning all sessions asks first`() throws {
    let tmux = try Tmux()
    tmux.start()
    tmux.wait("turn   47")
    tmux.keys("P")
    tmux.wait("each from its next turn on?")
    tmux.keys("n")
    tmux.wait("nothing changed")
  }

  @Test func `a flood of turns arrives in full or is counted`() throws {
    let tmux = try Tmux()
    tmux.start(options: "--empty")
    tmux.wait("no sessions yet")
    tmux.command("load 2000 1")
    tmux.wait("turn 2047")
    tmux.keys("2")
    tmux.wait("of 2047")
  }
}

extension Tmux {
  /// Whether the process exists and is not just waiting to be collected.
  static func isRunning(_ process: Int) -> Bool {
    let status = Shell.run("cat /proc/\(process)/status 2>/dev/null")
    return !status.isEmpty && !status.contains("State:\tZ")
  }

  /// Context switches of the thread with that name.
  static func switches(of thread: String, in process: Int) -> Int? {
    let text = Shell.run(
      "for t in /proc/\(process)/task/*; do [ \"$(cat $t/comm)\" = \(thread) ] && "
        + "awk '/ctxt_switches/ {sum += $2} END {print sum}' $t/status; done")
    return Int(text.filter { !$0.isNewline })
  }
}
