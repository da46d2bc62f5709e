public import Dashboard

/// What the dashboard's thread is told once.
public struct TerminalOptions: Sendable {
  var dashboard: DashboardOptions
  var colors: ColorChoice
  /// Milliseconds since 1970.
  var now: @Sendable () -> Int64

  public init(
    dashboard: DashboardOptions, colors: ColorChoice = .auto, now: @escaping @Sendable () -> Int64
  ) {
    self.dashboard = dashboard
    self.colors = colors
    self.now = now
  }
}
