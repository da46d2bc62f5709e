import CConfig

/// A configuration file as it was read: its values by name of option, not judged yet.
public struct ConfigFile: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case string, integer, float, boolean, other
  }

  struct Value: Sendable, Equatable {
    var key: String
    var kind: Kind
    var text: String
    /// Whether it stands in a list.
    var isElement: Bool
    /// From 1.
    var line: Int
  }

  /// As it is shown to people.
  let path: String
  /// In the order of the file; elements of a list one by one.
  let values: [Value]

  /// Reads TOML. Keys are names of options; tables have no meaning.
  public init(path: String, text: String) throws(UsageError) {
    self.path = path
    let collector = Collector()
    var error = cconfig_error()
    var text = text
    let status = text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        cconfig_parse(
          characters.baseAddress, characters.count, Unmanaged.passUnretained(collector).toOpaque(),
          { context, key, kind, isElement, text, line in
            guard let context, let key, let text else { return }
            Unmanaged<Collector>.fromOpaque(context).takeUnretainedValue().values.append(
              Value(
                key: String(cString: key), kind: Kind(kind), text: String(cString: text),
                isElement: isElement != 0, line: Int(line)))
          }, &error)
      }
    }
    guard status == 0 else {
      let reason = withUnsafeBytes(of: &error.reason) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      throw .badConfiguration(place: "\(path):\(error.line)", reason: "is not TOML: \(reason)")
    }
    values = collector.values.sorted { ($0.line, $0.key) < ($1.line, $1.key) }
  }

  private final class Collector {
    var values: [Value] = []
  }
}

extension ConfigFile.Kind {
  fileprivate init(_ kind: cconfig_kind) {
    self =
      switch kind {
      case CCONFIG_STRING: .string
      case CCONFIG_INTEGER: .integer
      case CCONFIG_FLOAT: .float
      case CCONFIG_BOOLEAN: .boolean
      default: .other
      }
  }
}
