/// Sums up costs turn by turn. A turn counts only if all three figures are known for it, so that
/// they can be compared.
///
/// Turns on local servers are priced when the summary is made, because the speed is measured over
/// all of them: paid is the time the server spent on prompts, and every token that was reused
/// would have taken `1 / speed` more.
public struct CostMeter: Sendable {
  struct Machine: Hashable {
    var upstream: String
    var model: String
  }

  private struct LocalSums {
    var turns = 0
    var millis = 0.0
    var read = 0
    var saved = 0
    // Turns without a time of their own.
    var untimedTurns = 0
    var untimedProcessed = 0
    var untimedRead = 0
    var untimedSaved = 0
  }

  /// For turns that are added from now on.
  public var prices: PriceTable
  private var money = CostSummary()
  private var local: [Machine: LocalSums] = [:]
  private var speeds = PrefillSpeeds()

  public init(_ prices: PriceTable) { self.prices = prices }

  public mutating func add(_ turn: CostInput) {
    do throws(Unpriced) {
      if turn.isLocal {
        try addLocal(turn)
      } else {
        money.dollars.add(try priced(turn))
      }
    } catch {
      money.unpriced[error.reason, default: 0] += 1
    }
  }

  /// - Parameter speeds: measured over more turns than these; nil to use these alone.
  public func summary(speeds other: PrefillSpeeds? = nil) -> CostSummary {
    let speeds = other ?? speeds
    var summary = money
    for (machine, sums) in local {
      guard let speed = speeds.tokensPerSecond(machine) else {
        summary.unpriced[.speedNotMeasured, default: 0] += sums.turns + sums.untimedTurns
        continue
      }
      var figures = CostFigures()
      figures.turns = sums.turns + sums.untimedTurns
      figures.paid = sums.millis / 1000 + Double(sums.untimedProcessed) / speed
      figures.withoutCache = figures.paid + Double(sums.read + sums.untimedRead) / speed
      figures.agentAlone = figures.paid + Double(sums.saved + sums.untimedSaved) / speed
      summary.seconds.add(figures)
    }
    return summary
  }

  /// Prefill speeds over the turns added so far.
  public var measuredSpeeds: PrefillSpeeds { speeds }

  private mutating func addLocal(_ turn: CostInput) throws(Unpriced) {
    let split = try reported(turn.usage)
    let machine = Machine(upstream: turn.upstream, model: turn.model)
    let processed = split.prompt - split.read
    let saved = min(turn.savedTokens, split.read)
    var sums = local[machine] ?? LocalSums()
    if let millis = turn.usage.promptMillis {
      speeds.add(machine, tokens: processed, millis: millis)
      sums.turns += 1
      sums.millis += millis
      sums.read += split.read
      sums.saved += saved
    } else {
      sums.untimedTurns += 1
      sums.untimedProcessed += processed
      sums.untimedRead += split.read
      sums.untimedSaved += saved
    }
    local[machine] = sums
  }

  private func reported(_ usage: Usage) throws(Unpriced) -> UsageSplit {
    guard let split = usage.split else {
      throw Unpriced(usage.promptTokens == nil ? .usageNotReported : .reuseNotReported)
    }
    return split
  }

  private func priced(_ turn: CostInput) throws(Unpriced) -> CostFigures {
    let row: PriceRow
    switch prices.match(turn.model) {
    case .row(let found): row = found
    case .unpriced(let reason): throw Unpriced(reason)
    }
    let split = try reported(turn.usage)
    guard let output = turn.usage.outputTokens else { throw Unpriced(.outputNotReported) }
    let alone = agentAlone(turn, split)
    var figures = CostFigures()
    figures.turns = 1
    figures.paid = try cost(row, split, output, turn.startedAt)
    figures.agentAlone = try cost(row, alone, output, turn.startedAt)
    figures.withoutCache = try cost(
      row, UsageSplit(uncached: alone.prompt, read: 0), output, turn.startedAt)
    return figures
  }

  /// The split had the agent's bytes been forwarded: what was saved is computed as this turn's
  /// other new tokens were, and what Holdfast added to the prompt is not there.
  private func agentAlone(_ turn: CostInput, _ split: UsageSplit) -> UsageSplit {
    var alone = split
    if turn.forwardedBytes > 0, turn.forwardedBytes != turn.receivedBytes {
      let share = Double(turn.receivedBytes) / Double(turn.forwardedBytes)
      let prompt = Int((Double(split.prompt) * min(share, 1e3)).rounded())
      alone.read = max(0, split.read + prompt - split.prompt)
    }
    let saved = min(turn.savedTokens, alone.read)
    alone.read -= saved
    if split.writtenHour > 0 {
      alone.writtenHour += saved
    } else if split.written > 0 {
      alone.written += saved
    } else {
      alone.uncached += saved
    }
    return alone
  }

  private func cost(
    _ row: PriceRow, _ split: UsageSplit, _ output: Int, _ at: Int64
  ) throws(Unpriced) -> Double {
    guard let factor = row.factor(promptTokens: split.prompt, at: at) else {
      throw Unpriced(.lengthUnpublished)
    }
    var dollars = Double(split.uncached) * row.input
    dollars += Double(split.read) * row.read
    dollars += try writeCost(split.written, row.write, row)
    dollars += try writeCost(split.writtenHour, row.writeHour, row)
    dollars += Double(output) * row.output
    return dollars * factor / 1_000_000
  }

  private func writeCost(
    _ tokens: Int, _ price: PriceRow.Write, _ row: PriceRow
  ) throws(Unpriced) -> Double {
    guard tokens > 0 else { return 0 }
    switch price {
    case .price(let price): return Double(tokens) * price
    case .asInput: return Double(tokens) * row.input
    case .unpublished: throw Unpriced(.writePriceUnpublished)
    }
  }
}

private struct Unpriced: Error {
  var reason: UnpricedReason

  init(_ reason: UnpricedReason) { self.reason = reason }
}
