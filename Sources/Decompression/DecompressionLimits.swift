/// Bounds on what a compressed answer may grow to while it is read.
public struct DecompressionLimits: Sendable {
  /// Bytes that come out in all.
  public var totalBytes = 256 << 20
  /// Bytes that one piece of input may grow to; bounds how long a call takes.
  public var bytesPerCall = 8 << 20
  /// How many times its input the output may be, once it is larger than `ratioFloor`. Text rarely
  /// shrinks to less than a fiftieth, and a stream of equal events to less than a two-hundredth.
  public var ratio = 400
  public var ratioFloor = 1 << 20

  public init() {}
}
