internal import CSystem
import Glibc

/// Length of the longest common prefix of two byte ranges.
///
/// Whole pages are compared with `memcmp`, then words, then single bytes: the common case is
/// hundreds of kilobytes that are equal.
public func commonPrefixLength(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  let limit = min(a.count, b.count)
  guard limit > 0, let left = a.baseAddress, let right = b.baseAddress else { return 0 }
  var at = 0
  while at < limit {
    let step = min(4096, limit - at)
    if memcmp(left + at, right + at, step) != 0 { break }
    at += step
  }
  while at + 8 <= limit {
    let x = left.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    let y = right.loadUnaligned(fromByteOffset: at, as: UInt64.self)
    if x != y { return at + (x ^ y).trailingZeroBitCount / 8 }
    at += 8
  }
  while at < limit,
    left.load(fromByteOffset: at, as: UInt8.self)
      == right.load(fromByteOffset: at, as: UInt8.self)
  {
    at += 1
  }
  return at
}

/// Length of the longest common suffix of two byte ranges.
public func commonSuffixLength(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Int {
  let limit = min(a.count, b.count)
  guard limit > 0, let left = a.baseAddress, let right = b.baseAddress else { return 0 }
  var length = 0
  while length + 8 <= limit {
    let x = (left + (a.count - length - 8)).loadUnaligned(as: UInt64.self)
    let y = (right + (b.count - length - 8)).loadUnaligned(as: UInt64.self)
    if x != y { return length + (x ^ y).leadingZeroBitCount / 8 }
    length += 8
  }
  while length < limit, a[a.count - 1 - length] == b[b.count - 1 - length] { length += 1 }
  return length
}

/// Whether `whole[offset...]` begins with `part`.
@inline(__always)
public func hasBytes(
  _ part: UnsafeRawBufferPointer, in whole: UnsafeRawBufferPointer, at offset: Int
) -> Bool {
  guard offset >= 0, part.count <= whole.count - offset else { return false }
  guard let needle = part.baseAddress, let hay = whole.baseAddress else { return part.isEmpty }
  return memcmp(hay + offset, needle, part.count) == 0
}

/// Offset of the first occurrence of `text`, or nil.
public func findBytes(_ text: StaticString, in bytes: UnsafeRawBufferPointer) -> Int? {
  guard let base = bytes.baseAddress, text.utf8CodeUnitCount > 0,
    let found = csystem_memmem(base, bytes.count, text.utf8Start, text.utf8CodeUnitCount)
  else { return nil }
  return found - base
}
