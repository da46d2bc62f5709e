public import EventLoop

/// Asks upstreams what its source wants to know, one question at a time per upstream.
public final class Prober {
  private let server: ProxyServer
  private unowned let source: any ProbeSource
  private var lines: [Line]
  private var isClosed = false

  private struct Line {
    var running: ProbeConnection?
    let timer: Timer
  }

  /// The server and the source have to live as long.
  public init(loop: Loop, server: ProxyServer, source: any ProbeSource) {
    self.server = server
    self.source = source
    lines = []
    for upstream in server.configuration.upstreams.indices {
      lines.append(Line(timer: Timer(loop: loop) { [unowned self] in step(upstream) }))
    }
  }

  /// The source may want something of this upstream. Never asks from inside this call.
  public func wake(upstream: Int) {
    guard !isClosed, lines.indices.contains(upstream), lines[upstream].running == nil else {
      return
    }
    lines[upstream].timer.start(afterMillis: 0)
  }

  private func step(_ upstream: Int) {
    guard !isClosed, lines[upstream].running == nil else { return }
    switch source.nextProbe(upstream: upstream) {
    case .rest: break
    case .wait(let millis): lines[upstream].timer.start(afterMillis: millis)
    case .ask(let request):
      lines[upstream].running = server.probe(upstream: upstream, request) { [unowned self] in
        lines[upstream].running = nil
        source.probeEnded(upstream: upstream, $0)
        wake(upstream: upstream)
      }
    }
  }

  /// Gives up what is under way; nothing is asked any more.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    for line in lines {
      line.timer.close()
      line.running?.cancel()
    }
    lines = []
  }
}
