public import Prefix
public import Upstream

/// What the dashboard is told once.
public struct DashboardOptions: Sendable {
  /// `127.0.0.1:8089`.
  public var listenAddress: String
  /// Draw with ASCII only.
  var ascii: Bool
  /// Refuse everything that changes how requests are forwarded.
  var readOnly: Bool
  /// Whether this build rewrites requests at all.
  var canPin: Bool
  /// The mode of sessions that nobody changed, until events tell another one.
  var defaultMode: PinMode
  /// The proxy runs elsewhere: leaving the dashboard does not concern it, and nothing is asked.
  var isAttached: Bool
  /// Whether there is a ledger to read earlier turns from.
  var hasLedger: Bool
  /// Until `DashboardInput.prices` brings others.
  public var prices: PriceTable

  public init(
    listenAddress: String, ascii: Bool = false, readOnly: Bool = false, canPin: Bool = false,
    defaultMode: PinMode = .off, isAttached: Bool = false, hasLedger: Bool = false,
    prices: PriceTable = .standard
  ) {
    self.listenAddress = listenAddress
    self.ascii = ascii
    self.readOnly = readOnly
    self.canPin = canPin
    self.defaultMode = defaultMode
    self.isAttached = isAttached
    self.hasLedger = hasLedger
    self.prices = prices
  }
}
