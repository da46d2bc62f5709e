import CBrotliEncoder
import CZlib
import CZstd
import Decompression

/// What a server would send for a text.
enum Compressed {
  static func bytes(_ coding: ContentCoding, _ text: [UInt8]) -> [UInt8] {
    switch coding {
    case .identity: text
    case .gzip: deflated(text, windowBits: 16 + 15)
    case .deflate: deflated(text, windowBits: 15)
    case .brotli: brotli(text)
    case .zstd: zstd(text)
    }
  }

  /// - Parameter windowBits: as zlib wants it: +16 for gzip, negative for bare deflate data.
  static func deflated(_ text: [UInt8], windowBits: Int32) -> [UInt8] {
    flushed([text], windowBits: windowBits).flatMap { $0 }
  }

  /// What a server sends for a stream whose events it flushes one by one.
  static func flushed(_ events: [[UInt8]], windowBits: Int32) -> [[UInt8]] {
    var stream = z_stream()
    precondition(czlib_deflate_init(&stream, 6, windowBits) == Z_OK)
    defer { deflateEnd(&stream) }
    return events.indices.map { at in
      var event = events[at]
      var out = [UInt8](repeating: 0, count: event.count * 2 + 1024)
      let room = out.count
      let flush = at == events.count - 1 ? Z_FINISH : Z_SYNC_FLUSH
      let written = event.withUnsafeMutableBufferPointer { input in
        out.withUnsafeMutableBufferPointer { output in
          stream.next_in = input.baseAddress
          stream.avail_in = UInt32(input.count)
          stream.next_out = output.baseAddress
          stream.avail_out = UInt32(output.count)
          _ = deflate(&stream, flush)
          return room - Int(stream.avail_out)
        }
      }
      return Array(out[..<written])
    }
  }

  private static func brotli(_ text: [UInt8]) -> [UInt8] {
    var count = BrotliEncoderMaxCompressedSize(text.count) + 64
    var out = [UInt8](repeating: 0, count: count)
    let done = BrotliEncoderCompress(
      5, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, text.count, text, &count, &out)
    precondition(done != 0)
    return Array(out[..<count])
  }

  /// - Parameter windowLog: has the frame ask for a window of this size, whatever the text is.
  static func zstd(_ text: [UInt8], windowLog: Int32? = nil) -> [UInt8] {
    let context = ZSTD_createCCtx()
    defer { ZSTD_freeCCtx(context) }
    if let windowLog { _ = ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, windowLog) }
    var out = [UInt8](repeating: 0, count: ZSTD_compressBound(text.count) + 64)
    let written = text.withUnsafeBytes { source in
      out.withUnsafeMutableBytes { target in
        var input = ZSTD_inBuffer(src: source.baseAddress, size: source.count, pos: 0)
        var output = ZSTD_outBuffer(dst: target.baseAddress, size: target.count, pos: 0)
        // With the end announced at once, the frame would ask for no more than it holds.
        if windowLog != nil {
          _ = ZSTD_compressStream2(context, &output, &input, ZSTD_e_flush)
        }
        let left = ZSTD_compressStream2(context, &output, &input, ZSTD_e_end)
        precondition(left == 0)
        return output.pos
      }
    }
    return Array(out[..<written])
  }
}
