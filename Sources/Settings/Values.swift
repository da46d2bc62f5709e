extension ParsedCommandLine {
  /// A whole number in `range`, or `standard` if the option is not given.
  public func integer(
    _ name: String, in range: ClosedRange<Int>, default standard: Int
  ) throws(UsageError) -> Int {
    guard let text = last(name) else { return standard }
    guard let value = Int(text), range.contains(value) else {
      throw .badValue(
        option: name, value: text,
        expected: "a whole number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A number in `range`, or `standard` if the option is not given.
  public func number(
    _ name: String, in range: ClosedRange<Double>, default standard: Double
  ) throws(UsageError) -> Double {
    guard let text = last(name) else { return standard }
    guard let value = Double(text), range.contains(value) else {
      throw .badValue(
        option: name, value: text,
        expected: "a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A number of bytes with an optional suffix K, M or G (powers of 1,024).
  public func size(
    _ name: String, in range: ClosedRange<Int>, default standard: Int
  ) throws(UsageError) -> Int {
    guard let text = last(name) else { return standard }
    let expected = "a size like 64M, from \(range.lowerBound) to \(range.upperBound) bytes"
    var digits = Substring(text)
    var unit = 1
    if let last = text.last, let shift = ["K": 10, "M": 20, "G": 30][last.uppercased()] {
      unit = 1 << shift
      digits = digits.dropLast()
    }
    guard let count = Int(digits),
      case let (value, overflow) = count.multipliedReportingOverflow(by: unit),
      !overflow, range.contains(value)
    else { throw .badValue(option: name, value: text, expected: expected) }
    return value
  }

  /// One of a few words.
  public func word(
    _ name: String, of words: [String], default standard: String
  ) throws(UsageError) -> String {
    guard let text = last(name) else { return standard }
    guard words.contains(text) else {
      throw .badValue(
        option: name, value: text, expected: "one of \(words.joined(separator: ", "))")
    }
    return text
  }

  /// `HOST:PORT`, `[IPv6]:PORT` or a port alone on the loopback address.
  public func endpoint(
    _ name: String, default standard: (host: String, port: Int)
  ) throws(UsageError) -> (host: String, port: Int) {
    guard let text = last(name) else { return standard }
    let expected = "an address like 127.0.0.1:8089"
    var host = "127.0.0.1"
    var port = Substring(text)
    if let colon = text.lastIndex(of: ":") {
      host = String(text[..<colon])
      port = text[text.index(after: colon)...]
      if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
      if host == "localhost" { host = "127.0.0.1" }
    }
    guard let number = Int(port), (0...65535).contains(number), !host.isEmpty else {
      throw .badValue(option: name, value: text, expected: expected)
    }
    return (host, number)
  }
}
