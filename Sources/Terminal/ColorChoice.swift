/// Whether colours are used: where the terminal has them and NO_COLOR is not set, always where it
/// has them, or never.
public enum ColorChoice: Sendable {
  case auto, always, never
}
