import Bytes
import Wire

/// libFuzzer entry: the first byte picks the parser, the second where the input is cut in two. Each
/// input is read whole, cut, and byte by byte; the readings must agree, and what was accepted must
/// survive a trip through the serializer. Any trap is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count >= 2 else { return 0 }
  let input = UnsafeRawBufferPointer(start: start + 2, count: count - 2)
  let cut = input.isEmpty ? 0 : Int(start[1]) * input.count / 255
  switch start[0] % 5 {
  case 0: agree(input, cut, RequestReading.init)
  case 1: agree(input, cut, ResponseReading.init)
  case 2: agree(input, cut, ChunkedReading.init)
  case 3: agree(input, cut, EventReading.init)
  default: readURL(input)
  }
  return 0
}

/// Feeds pieces to one parser and remembers what came out.
protocol Reading: Equatable {
  init()
  mutating func feed(_ piece: UnsafeRawBufferPointer)
  /// Checks what must hold for whatever was accepted.
  func check()
}

func agree<R: Reading>(_ input: UnsafeRawBufferPointer, _ cut: Int, _ make: () -> R) {
  var whole = make()
  whole.feed(input)
  var halves = make()
  halves.feed(UnsafeRawBufferPointer(rebasing: input[..<cut]))
  halves.feed(UnsafeRawBufferPointer(rebasing: input[cut...]))
  var bytes = make()
  for at in input.indices { bytes.feed(UnsafeRawBufferPointer(rebasing: input[at...at])) }
  precondition(whole == halves && whole == bytes, "the reading depends on how the input was cut")
  whole.check()
}

func readURL(_ input: UnsafeRawBufferPointer) {
  guard let url = try? UpstreamURL(parsing: String(decoding: input, as: UTF8.self)) else { return }
  guard let again = try? UpstreamURL(parsing: url.description) else {
    preconditionFailure("the description of a URL is no URL")
  }
  precondition(again.description == url.description && !again.hasUserInfo)
}
