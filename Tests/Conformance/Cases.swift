extension ProxyCase {
  /// Every case, in the order of the RFCs' sections.
  public static let all: [ProxyCase] =
    requestLines + hosts + fields + lengths + codings + chunks + persistence + hopByHop
    + expectations + heads + bodies + limits

  /// The chapters in that order.
  public static var chapters: [String] {
    var seen: [String] = []
    for example in all where !seen.contains(example.chapter) { seen.append(example.chapter) }
    return seen
  }

  /// One client that sends `input` at once.
  init(
    _ section: String, _ name: String, _ input: String, answers: [Answer] = [.fine],
    methods: [String] = [], _ expectation: Expectation
  ) {
    self.init(
      section, name, client: [.send(Array(input.utf8))], answers: answers, methods: methods,
      expectation)
  }

  init(
    _ section: String, _ name: String, client: [ClientStep], answers: [Answer] = [.fine],
    methods: [String] = [], _ expectation: Expectation
  ) {
    self.section = section
    self.name = name
    self.client = client
    self.answers = answers
    self.methods = methods
    self.expectation = expectation
  }
}

extension ProxyCase.Answer {
  static let fine = ProxyCase.Answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine")
}

extension ProxyCase.ClientStep {
  static func text(_ text: String) -> Self { .send(Array(text.utf8)) }
}

func get(_ target: String, _ fields: String = "") -> String {
  "GET \(target) HTTP/1.1\r\nHost: proxy\r\n\(fields)\r\n"
}

/// `lines` end in CRLF each.
func post(_ target: String, _ lines: String, _ body: String = "") -> String {
  "POST \(target) HTTP/1.1\r\nHost: proxy\r\n\(lines)\r\n\(body)"
}

func repeated(_ text: String, _ count: Int) -> String { String(repeating: text, count: count) }

/// What a smuggler wants to see served behind the request that carries it.
let smuggled = "GET /smuggled HTTP/1.1\r\nHost: proxy\r\n\r\n"
