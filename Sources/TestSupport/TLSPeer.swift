import Bytes
import COpenSSL
public import EventLoop

/// The server's end of a TLS connection: writes exactly what a test tells it to and remembers what
/// it gets.
public final class TLSPeer: StreamDelegate {
  public private(set) var received: [UInt8] = []
  public private(set) var receivedCount = 0
  public var discardsInput = false
  public private(set) var isEstablished = false
  /// The other end announced its end (close_notify).
  public private(set) var sawCloseNotify = false
  /// The connection ended or failed.
  public private(set) var isOver = false
  var onReceive: ((TLSPeer) -> Void)?
  /// Writes to the network in pieces of at most this many bytes, one in each round of the loop.
  public var dripBytes: Int?

  private let stream: TCPStream
  private let loop: Loop
  private let ssl: OpaquePointer
  private let incoming: OpaquePointer
  private let outgoing: OpaquePointer
  private let slab = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
  private var drips: [UInt8] = []

  init?(accepted: TCPStream, context: OpaquePointer, loop: Loop) {
    guard let ssl = SSL_new(context), let incoming = BIO_new(BIO_s_mem()),
      let outgoing = BIO_new(BIO_s_mem())
    else { return nil }
    self.ssl = ssl
    self.incoming = incoming
    self.outgoing = outgoing
    self.loop = loop
    copenssl_never_ends(incoming)
    SSL_set_bio(ssl, incoming, outgoing)
    SSL_set_accept_state(ssl)
    stream = accepted
    stream.delegate = self
    stream.startReading()
  }

  deinit {
    SSL_free(ssl)
    slab.deallocate()
  }

  public var text: String { String(decoding: received, as: UTF8.self) }

  /// The name that the client asked for.
  public var serverName: String? {
    SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
  }

  public var isResumed: Bool { SSL_session_reused(ssl) == 1 }

  /// `http/1.1` once it is agreed on.
  public var applicationProtocol: String {
    var start: UnsafePointer<UInt8>?
    var count: UInt32 = 0
    SSL_get0_alpn_selected(ssl, &start, &count)
    return String(
      decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
  }

  public var queuedBytes: Int { stream.queuedBytes }

  public func send(_ text: String) { send(Array(text.utf8)) }

  public func send(_ bytes: [UInt8]) {
    var count = 0
    SSL_write_ex(ssl, bytes, bytes.count, &count)
    flush()
  }

  public func forget() { received = [] }
  public func stopReading() { stream.stopReading() }
  public func startReading() { stream.startReading() }

  /// Announces the end, and ends the sending direction.
  public func end() {
    SSL_shutdown(ssl)
    flush()
    stream.shutdown()
  }

  /// Ends the sending direction without announcing it.
  public func endSilently() { stream.shutdown() }

  /// Sends bytes that are no TLS.
  public func sendGarbage() { stream.write(copying: "this is no record at all") }

  func close() { stream.close() }

  private func flush() {
    var start: UnsafeRawPointer?
    let count = copenssl_content(outgoing, &start)
    guard count > 0 else { return }
    let bytes = UnsafeRawBufferPointer(start: start, count: count)
    if dripBytes == nil { stream.write(copying: bytes) } else { drips += bytes }
    copenssl_empty(outgoing)
    if drips.count == count { drip() }
  }

  private func drip() {
    guard let dripBytes, !drips.isEmpty else { return }
    drips.prefix(dripBytes).withUnsafeBytes { stream.write(copying: $0) }
    drips.removeFirst(min(dripBytes, drips.count))
    loop.soon { [self] in drip() }
  }

  public func readBuffer(for stream: TCPStream) -> UnsafeMutableRawBufferPointer { slab }

  public func stream(_ stream: TCPStream, didRead count: Int) {
    var written = 0
    BIO_write_ex(incoming, slab.baseAddress, count, &written)
    ERR_clear_error()
    if !isEstablished {
      let result = SSL_do_handshake(ssl)
      isEstablished = result == 1
      if result != 1, SSL_get_error(ssl, result) != SSL_ERROR_WANT_READ { isOver = true }
      flush()
      if !isEstablished { return }
    }
    let before = receivedCount
    var count = 0
    while SSL_read_ex(ssl, slab.baseAddress, slab.count, &count) == 1 {
      receivedCount += count
      if !discardsInput { received += slab[..<count] }
    }
    flush()
    if SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN != 0 { sawCloseNotify = true }
    if receivedCount > before { onReceive?(self) }
  }

  public func streamDidEnd(_ stream: TCPStream) { isOver = true }
  public func stream(_ stream: TCPStream, failed error: UVError) { isOver = true }
  public func streamDidDrain(_ stream: TCPStream) {}
}
