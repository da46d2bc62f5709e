import Bytes
import Prompt

/// What was read from blocks of one request so far. A block that changed is asked for by everything
/// that looks at a turn (the candidates it is compared with, the repairs, the verdict), and again by
/// the turn after it. Belongs to the loop thread.
final class BlockReadings {
  private var values: [Reading] = []
  private var renderings: [Rendering] = []
  private var verdicts: [(boundary: Boundary, verdict: Verdict)] = []
  /// By block; 0 where it is not known. Empty before the first one.
  private var weights: [UInt32] = []

  private struct Reading {
    var block: Int
    var value: JSONValue?
  }

  private struct Rendering {
    var block: Int
    var digest: Digest?
  }

  /// A value takes several times the room of its bytes, for as long as the request is the last one of
  /// its session.
  private static let mostValues = 2
  private static let mostBytes = 32 << 10
  private static let mostRenderings = 16
  private static let mostVerdicts = 4

  func value(of block: Int, _ bytes: UnsafeRawBufferPointer) -> JSONValue? {
    if let known = values.first(where: { $0.block == block }) { return known.value }
    let value = JSONValue(bytes)
    guard bytes.count <= Self.mostBytes else { return value }
    if values.count == Self.mostValues { values.removeFirst() }
    values.append(Reading(block: block, value: value))
    return value
  }

  func rendering(of block: Int, _ bytes: UnsafeRawBufferPointer) -> Digest? {
    if let known = renderings.first(where: { $0.block == block }) { return known.digest }
    let digest = value(of: block, bytes).map(CanonicalForm.rendered.digest)
    if renderings.count == Self.mostRenderings { renderings.removeFirst() }
    renderings.append(Rendering(block: block, digest: digest))
    return digest
  }

  /// What a difference to the request before was found to be.
  func verdict(at boundary: Boundary) -> Verdict? {
    verdicts.first {
      $0.boundary.block == boundary.block && $0.boundary.oldBlock == boundary.oldBlock
    }?.verdict
  }

  func note(_ verdict: Verdict, at boundary: Boundary) {
    if verdicts.count < Self.mostVerdicts { verdicts.append((boundary, verdict)) }
  }

  /// What a block weighs in tokens (`TokenWeight`); reading it once is enough.
  /// - Parameter count: how many blocks there are.
  func weight(of block: Int, of count: Int, _ bytes: UnsafeRawBufferPointer) -> Int {
    if weights.isEmpty { weights = Array(repeating: 0, count: count) }
    if weights[block] == 0 { weights[block] = UInt32(clamping: TokenWeight.of(bytes)) }
    return Int(weights[block])
  }

  /// Takes over what is known of blocks with the same bytes in an earlier request.
  func inherit(from old: BlockReadings, _ alignment: Alignment) {
    guard !old.weights.isEmpty else { return }
    weights = alignment.matches.map { match in
      if case .same(let block) = match { old.weights[block] } else { 0 }
    }
  }

  /// Gives the memory back.
  func clear() {
    values = []
    renderings = []
    verdicts = []
    weights = []
  }
}
