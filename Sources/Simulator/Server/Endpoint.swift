/// What a request line asks for.
enum Endpoint: Equatable {
  case reply(ModelRequest.Dialect)
  case countTokens(ModelRequest.Dialect)
  case applyTemplate, tokenize
  case models, health, properties, slots, metrics

  init?(method: String, path: String, kind: SimulatorOptions.Kind) {
    switch (method, path) {
    case ("POST", "/v1/chat/completions"), ("POST", "/chat/completions"): self = .reply(.chat)
    case ("POST", "/v1/responses"): self = .reply(.responses)
    case ("POST", "/v1/messages"): self = .reply(.messages)
    case ("POST", "/v1/messages/count_tokens"): self = .countTokens(.messages)
    case ("GET", "/v1/models"), ("GET", "/models"): self = .models
    case ("GET", "/health"), ("GET", "/v1/health"): self = .health
    case _ where kind != .llamaCpp: return nil
    case ("POST", "/v1/chat/completions/input_tokens"): self = .countTokens(.chat)
    case ("POST", "/v1/responses/input_tokens"): self = .countTokens(.responses)
    case ("POST", "/apply-template"): self = .applyTemplate
    case ("POST", "/tokenize"): self = .tokenize
    case ("GET", "/props"): self = .properties
    case ("GET", "/slots"): self = .slots
    case ("GET", "/metrics"): self = .metrics
    default: return nil
    }
  }
}
