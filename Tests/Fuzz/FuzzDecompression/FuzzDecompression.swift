import Decompression

/// libFuzzer entry: the first byte picks the coding, the second where the input is cut in two. What
/// comes out must not depend on the cut, and must stay within the limits.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count >= 2 else { return 0 }
  let input = UnsafeRawBufferPointer(start: start + 2, count: count - 2)
  let cut = input.isEmpty ? 0 : Int(start[1]) * input.count / 255
  let codings: [ContentCoding] = [.gzip, .deflate, .brotli, .zstd]
  let coding = codings[Int(start[0]) % codings.count]
  let whole = decoded(coding, [input])
  let halves = decoded(
    coding,
    [
      UnsafeRawBufferPointer(rebasing: input[..<cut]),
      UnsafeRawBufferPointer(rebasing: input[cut...]),
    ])
  // Where a fault is noticed may depend on the cut; what was decoded in front of it is the same.
  let common = min(whole.count, halves.count)
  precondition(
    whole[..<common].elementsEqual(halves[..<common]), "the text depends on how it was cut")
  return 0
}

private let limits: DecompressionLimits = {
  var limits = DecompressionLimits()
  limits.totalBytes = 1 << 20
  limits.bytesPerCall = 1 << 18
  limits.ratioFloor = 1 << 16
  return limits
}()

private func decoded(_ coding: ContentCoding, _ pieces: [UnsafeRawBufferPointer]) -> [UInt8] {
  guard let decompressor = Decompressor(coding, limits: limits) else { return [] }
  var text: [UInt8] = []
  for piece in pieces { decompressor.read(piece) { text.append(contentsOf: $0) } }
  precondition(text.count <= limits.totalBytes + (1 << 16), "more came out than allowed")
  return text
}
