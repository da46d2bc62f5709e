import Settings
import Synchronization

/// Reads the configuration again while the proxy runs. Files are read and judged on a thread of
/// their own: the loop does not wait for a disk. All calls are the loop thread's.
final class Reload: @unchecked Sendable {
  struct Result: Sendable {
    var changes: SettingChanges
    /// What is in force afterwards.
    var options: ServeOptions
  }

  /// As it was typed.
  private let given: ParsedCommandLine
  /// What the environment and the files made of it, as far as it is followed.
  private var inForce: ParsedCommandLine
  private let outcome = Mutex<Swift.Result<Result, UsageError>?>(nil)
  private var thread: Thread?
  private var isWantedAgain = false

  /// - Parameters:
  ///   - given: the command line as it was typed.
  ///   - filled: the same with what the environment and the files added.
  init(given: ParsedCommandLine, filled: ParsedCommandLine) {
    self.given = given
    inForce = filled
  }

  /// Begins to read. Whoever asks meanwhile is owed another reading, see
  /// `takeRepetition`.
  /// - Parameters:
  ///   - options: what is in force.
  ///   - wake: called on another thread when `take` has an answer.
  /// - Throws: if no thread is to be had.
  func start(
    _ options: ServeOptions, wake: @escaping @Sendable () -> Void
  ) throws(FileError) {
    guard thread == nil else {
      isWantedAgain = true
      return
    }
    let given = given
    let inForce = inForce
    thread = try Thread(name: "reload") { [self] in
      let result = Self.read(given, inForce, options)
      outcome.withLock { $0 = result }
      wake()
    }
  }

  /// What came of `start`, once.
  func take() -> Swift.Result<Result, UsageError>? {
    let result = outcome.withLock { outcome in
      defer { outcome = nil }
      return outcome
    }
    guard let result else { return nil }
    finish()
    if case .success(let read) = result { inForce = read.changes.inForce }
    return result
  }

  /// Whether somebody asked while it was reading; asked once for each `take`.
  func takeRepetition() -> Bool {
    defer { isWantedAgain = false }
    return isWantedAgain
  }

  /// Waits for what is being read.
  func finish() {
    thread?.join()
    thread = nil
  }

  private static func read(
    _ given: ParsedCommandLine, _ inForce: ParsedCommandLine, _ options: ServeOptions
  ) -> Swift.Result<Result, UsageError> {
    var line = given
    do throws(UsageError) {
      line = try ConfigFiles.current.fill(given)
      // Judged whole: a mistake in what takes a restart would be one at the next start.
      let all = try ServeOptions(line)
      var rewritten: Set<String> = []
      if all.clientToken != options.clientToken { rewritten.insert("client-token") }
      if all.prices != options.prices { rewritten.insert("prices") }
      let changes = SettingChanges(from: inForce, to: line, rewritten: rewritten)
      line = changes.inForce
      return .success(Result(changes: changes, options: try ServeOptions(line)))
    } catch {
      return .failure(error.located(in: line))
    }
  }
}
