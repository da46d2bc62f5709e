import Engine
import EventLoop
import Proxy
import Settings

/// Another configuration while the proxy runs.
extension Serving {
  func readAgain() {
    guard !isStopping else { return }
    let wakeup = wakeup
    do throws(FileError) {
      try reload.start(options) { wakeup?.send() }
    } catch {
      engine?.notice("configuration not read again, everything stays as it was: \(error.text)")
    }
  }

  func takeConfiguration() {
    guard let result = reload.take() else { return }
    switch result {
    case .success(let read): follow(read)
    case .failure(let error):
      engine?.notice("configuration not read again, everything stays as it was: \(error)")
    }
    if reload.takeRepetition() { readAgain() }
  }

  private func follow(_ read: Reload.Result) {
    let hadToken = options.clientToken != nil
    options = read.options
    proxy?.adjust(
      clientToken: options.clientToken, maxBodyBytes: options.maxBody,
      maxBytesInFlight: options.maxInFlight, maxConnections: options.maxConnections)
    engine?.adjust(to: engineConfiguration([]))
    if let place = options.ledger { ledger?.retain(days: place.days, maxBytes: place.maxBytes) }
    pane?.follow(options.prices)
    engine?.inform(read.changes.text)
    if hadToken, let proxy { warnOfStrangers(proxy.address) }
  }
}
