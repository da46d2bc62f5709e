import EventLoop
import TestSupport
import Testing

/// One run of the program from start to end.
struct Command {
  var status: Int32
  var output: String
  var errors: String

  init(_ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation) throws {
    try self.init(arguments, sourceLocation: sourceLocation)
  }

  init(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
    let process = try HoldfastProcess(arguments)
    let test = try TestLoop()
    let isOver = test.run {
      // Read on the way, or a full pipe would hold the process up.
      _ = process.standardOutput
      return process.exitStatus() != nil
    }
    try #require(isOver, "holdfast \(arguments) does not end", sourceLocation: sourceLocation)
    status = process.exitStatus() ?? -1
    output = process.standardOutput
    errors = process.standardError
    try test.loop.close()
  }
}
