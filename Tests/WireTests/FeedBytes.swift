/// Lends bytes to a parser for one call. (A buffer object that is mentioned for the last time in the
/// argument itself may be freed before the parser reads it.)
func feed<Result, Failure: Error>(
  _ bytes: [UInt8], _ parse: (UnsafeRawBufferPointer) throws(Failure) -> Result
) throws(Failure) -> Result {
  try bytes.withUnsafeBufferPointer { buffer throws(Failure) in
    try parse(UnsafeRawBufferPointer(buffer))
  }
}

func feed<Result, Failure: Error>(
  _ text: String, _ parse: (UnsafeRawBufferPointer) throws(Failure) -> Result
) throws(Failure) -> Result {
  try feed(Array(text.utf8), parse)
}
