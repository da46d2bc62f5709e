import Dashboard
import DashboardFixtures

/// Prints one screen as text after pressing `keys`; a carriage return is Enter.
func printFrame(_ size: Size, ascii: Bool, keys: String) {
  var state = Story.state(size: size, ascii: ascii)
  for key in keys {
    let pressed: Key = key == "\r" ? .enter : (key == "^" ? .up : .character(key))
    _ = state.reduce(.key(pressed), now: Story.now)
  }
  print(Dashboard.frame(state, now: Story.now).text)
}
