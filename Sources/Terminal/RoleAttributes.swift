import CNcurses
import Dashboard

/// Attributes and colour pair of each role: the terminal's own background, the eight base colours,
/// and something other than colour wherever a role means something.
struct RoleAttributes {
  struct Style: Equatable {
    var attributes: attr_t
    var pair: Int16
  }

  private let styles: [Style]

  /// To be made after `newterm`.
  init(colors: ColorChoice, noColor: Bool) {
    let wanted = colors == .always || (colors == .auto && !noColor)
    var hasColors = false
    if wanted, has_colors() {
      start_color()
      hasColors = use_default_colors() == OK
      if hasColors {
        for color in Int16(1)...7 { init_pair(color, color, -1) }
      }
    }
    styles = Role.allCases.map { RoleAttributes.style(of: $0, hasColors: hasColors) }
  }

  subscript(role: Role) -> Style { styles[Int(role.rawValue)] }

  private static func style(of role: Role, hasColors: Bool) -> Style {
    let bold = cncurses_bold()
    let reverse = cncurses_reverse()
    let underline = cncurses_underline()
    func color(_ number: Int32, _ extra: attr_t = 0) -> Style {
      Style(attributes: extra, pair: Int16(number))
    }
    func plain(_ attributes: attr_t) -> Style { Style(attributes: attributes, pair: 0) }
    switch role {
    case .normal, .trend, .frame: return plain(0)
    case .title, .selected: return plain(reverse)
    case .key: return plain(bold)
    case .marked: return hasColors ? color(COLOR_CYAN, bold) : plain(bold)
    case .good: return hasColors ? color(COLOR_GREEN) : plain(0)
    case .warn: return hasColors ? color(COLOR_YELLOW) : plain(underline)
    case .bad: return hasColors ? color(COLOR_RED, bold) : plain(bold)
    case .new: return hasColors ? color(COLOR_CYAN) : plain(0)
    case .dropped: return hasColors ? color(COLOR_MAGENTA) : plain(bold)
    case .held: return hasColors ? color(COLOR_BLUE, bold) : plain(bold)
    case .unknown: return plain(cncurses_dim())
    case .before: return hasColors ? color(COLOR_RED) : plain(0)
    case .after: return hasColors ? color(COLOR_GREEN) : plain(0)
    case .frozen: return hasColors ? color(COLOR_YELLOW, reverse) : plain(reverse)
    case .match: return plain(reverse | bold)
    }
  }
}
