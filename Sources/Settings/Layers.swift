/// What may set an option besides the command line.
public struct SettingLayers {
  var environment: (String) -> String?
  public var workspace: ConfigFile?
  public var user: ConfigFile?

  public init(
    environment: @escaping (String) -> String?, workspace: ConfigFile? = nil,
    user: ConfigFile? = nil
  ) {
    self.environment = environment
    self.workspace = workspace
    self.user = user
  }
}

extension ParsedCommandLine {
  /// The command line with everything that it leaves open taken from the environment, the
  /// workspace's file and the person's own, in this order. Files are judged as a whole: a mistake in
  /// a value that is overridden is a mistake, too.
  public func filled(from layers: SettingLayers) throws(UsageError) -> ParsedCommandLine {
    var filled = self
    var workspace: [String: Setting] = [:]
    var user: [String: Setting] = [:]
    if let file = layers.workspace { workspace = try Self.settings(file, isWorkspace: true) }
    if let file = layers.user { user = try Self.settings(file, isWorkspace: false) }
    for option in OptionTable.options(for: command) where option.isConfigurable {
      guard values[option.name] == nil else { continue }
      var setting = try Self.setting(option, layers.environment)
      setting = setting ?? workspace[option.name] ?? user[option.name]
      guard let setting else { continue }
      filled.sources[option.name] = setting.source
      // A flag that is switched off is the same as one that is not given.
      filled.values[option.name] = setting.texts
    }
    return filled
  }

  private struct Setting {
    /// nil for a flag that is switched off.
    var texts: [String]?
    var source: SettingSource
  }

  private static func setting(
    _ option: Option, _ environment: (String) -> String?
  ) throws(UsageError) -> Setting? {
    guard let text = environment(option.variable), !text.isEmpty else { return nil }
    let source = SettingSource.environment(option.variable)
    switch option.kind {
    case .flag:
      guard let isOn = flags[text.lowercased()] else {
        throw .badEnvironment(variable: option.variable, reason: "has to be true or false")
      }
      return Setting(texts: isOn ? [""] : nil, source: source)
    case .value, .optionalValue:
      let texts = option.isRepeatable ? text.split(separator: " ").map(String.init) : [text]
      return Setting(texts: texts, source: source)
    }
  }

  private static let flags = [
    "1": true, "true": true, "yes": true, "on": true, "0": false, "false": false, "no": false,
    "off": false,
  ]

  private static func settings(
    _ file: ConfigFile, isWorkspace: Bool
  ) throws(UsageError) -> [String: Setting] {
    var found: [String: Setting] = [:]
    for value in file.values {
      let place = "\(file.path):\(value.line)"
      guard
        let option = OptionTable.options.first(where: { $0.name == value.key && $0.isConfigurable })
      else {
        throw .badConfiguration(place: place, reason: unknown(value.key))
      }
      guard !isWorkspace || option.isWorkspaceSetting else {
        throw .badConfiguration(
          place: place,
          reason:
            "sets '\(value.key)', which only your own configuration may set, because the file "
            + "of a workspace may be somebody else's")
      }
      let source: SettingSource =
        isWorkspace
        ? .workspace(path: file.path, line: value.line) : .user(path: file.path, line: value.line)
      let text = try text(of: value, option, place)
      guard let text else {
        found[value.key] = Setting(texts: nil, source: source)
        continue
      }
      let before = value.isElement ? found[value.key]?.texts ?? [] : []
      found[value.key] = Setting(texts: before + [text], source: source)
    }
    return found
  }

  /// nil for a flag that is switched off.
  private static func text(
    of value: ConfigFile.Value, _ option: Option, _ place: String
  ) throws(UsageError) -> String? {
    func wrong(_ expected: String) -> UsageError {
      .badConfiguration(place: place, reason: "'\(value.key)' has to be \(expected)")
    }
    if value.isElement, !option.isRepeatable { throw wrong("one value, not a list") }
    switch option.kind {
    case .flag:
      guard value.kind == .boolean else { throw wrong("true or false") }
      return value.text == "true" ? "" : nil
    case .optionalValue(_, let standard) where value.kind == .boolean:
      return value.text == "true" ? standard : nil
    case .value, .optionalValue:
      guard [.string, .integer, .float].contains(value.kind), !value.text.isEmpty else {
        throw wrong("a text or a number")
      }
      return value.text
    }
  }

  private static func unknown(_ key: String) -> String {
    let names = OptionTable.options.filter(\.isConfigurable).map(\.name)
    let near = names.map { (name: $0, distance: editDistance($0, key)) }.min {
      $0.distance < $1.distance
    }
    guard let near, near.distance <= 3 else { return "sets '\(key)', which is no option" }
    return "sets '\(key)', which is no option; did you mean '\(near.name)'?"
  }
}

/// How many letters have to be inserted, removed or replaced to make one text the other.
private func editDistance(_ a: String, _ b: String) -> Int {
  let a = Array(a.utf8)
  let b = Array(b.utf8.prefix(64))
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var diagonal = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let cost = x == y ? diagonal : min(diagonal, row[j], row[j + 1]) + 1
      diagonal = row[j + 1]
      row[j + 1] = cost
    }
  }
  return row[b.count]
}
