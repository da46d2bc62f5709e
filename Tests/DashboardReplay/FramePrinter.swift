import Dashboard
import DashboardFixtures

/// Prints one screen as text after pressing `keys`; a carriage return is Enter.
func printFrame(_ size: Size, ascii: Bool, keys: String) {
  var state =
    keys.hasPrefix("0")
    ? Story.state(size: size, ascii: ascii, events: [Story.upstreamDown(since: Story.now - 41_000)])
    : Story.state(size: size, ascii: ascii)
  for key in keys {
    let pressed: Key = key == "\r" ? .enter : (key == "^" ? .up : .character(key))
    _ = state.reduce(.key(pressed), now: Story.now)
  }
  print(Dashboard.frame(state, now: Story.now).text)
}
