import Glibc

extension String {
  /// Every occurrence of `part` replaced, without Foundation.
  func replacing(_ part: String, _ other: String) -> String {
    let places = offsets(of: part)
    guard !places.isEmpty else { return self }
    let bytes = Array(utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + places.count * max(0, other.utf8.count - part.utf8.count))
    var at = 0
    for place in places where place >= at {
      out += bytes[at..<place]
      out += other.utf8
      at = place + part.utf8.count
    }
    out += bytes[at...]
    return String(decoding: out, as: UTF8.self)
  }

  func contains(_ part: String) -> Bool { firstRange(of: part) != nil }

  func firstRange(of part: String) -> Range<String.Index>? { range(offsets(of: part).first, part) }

  func lastRange(of part: String) -> Range<String.Index>? { range(offsets(of: part).last, part) }

  private func range(_ offset: Int?, _ part: String) -> Range<String.Index>? {
    guard let offset else { return nil }
    let start = utf8.index(startIndex, offsetBy: offset)
    return start..<utf8.index(start, offsetBy: part.utf8.count)
  }

  /// Where `part` stands, in UTF-8 bytes from the start; occurrences may overlap.
  private func offsets(of part: String) -> [Int] {
    var text = self
    var part = part
    return text.withUTF8 { bytes in
      part.withUTF8 { needle in
        guard let base = bytes.baseAddress, let wanted = needle.baseAddress, !needle.isEmpty
        else { return [] }
        var found: [Int] = []
        var at = 0
        while at + needle.count <= bytes.count,
          let place = memchr(base + at, Int32(needle[0]), bytes.count - needle.count - at + 1)
        {
          let offset = UnsafeRawPointer(place) - UnsafeRawPointer(base)
          if memcmp(base + offset, wanted, needle.count) == 0 { found.append(offset) }
          at = offset + 1
        }
        return found
      }
    }
  }
}
