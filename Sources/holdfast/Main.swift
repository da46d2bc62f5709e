@main
enum Main {
  /// Does nothing but call on: closures written here would be bound to the main actor, and end the
  /// process when a C library called them on another thread.
  static func main() { runHoldfast() }
}
