import CUV

/// A libuv call that failed: which one, and the code it gave (a negative errno, or one of libuv's
/// own codes such as the name look-up ones).
public struct UVError: Error, Sendable, Equatable {
  public enum Operation: String, Sendable {
    case loop, wakeup, signal, poll, address, resolve, bind, open, accept, connect, read, write
    /// The layer above TCP: the peer broke its protocol, or left without saying so (UV_EOF).
    case tls
  }

  public let operation: Operation
  let code: Int32

  public init(_ operation: Operation, _ code: Int32) {
    self.operation = operation
    self.code = code
  }

  /// Codes of operation `tls`.
  public static var endOfData: Int32 { UV_EOF.rawValue }
  public static var brokenProtocol: Int32 { UV_EPROTO.rawValue }

  static var noAddress: Int32 { UV_EADDRNOTAVAIL.rawValue }

  /// The symbol of the code, such as `ECONNREFUSED`.
  public var name: String {
    guard let text = uv_err_name(code) else { return "UNKNOWN" }
    return String(cString: text)
  }

  /// What the code means, such as `connection refused`.
  public var message: String {
    guard let text = uv_strerror(code) else { return "unknown error" }
    return String(cString: text)
  }

  /// The peer reset the connection.
  public var isReset: Bool { operation == .read && code == UV_ECONNRESET.rawValue }
  /// The process or the system has no descriptors or no memory for sockets left.
  public var isShortage: Bool {
    [UV_EMFILE, UV_ENFILE, UV_ENOBUFS, UV_ENOMEM].contains { $0.rawValue == code }
  }

  static func check(_ operation: Operation, _ code: Int32) throws(UVError) {
    if code < 0 { throw UVError(operation, code) }
  }
}

extension UVError: CustomStringConvertible {
  public var description: String { "\(operation.rawValue): \(message) (\(name))" }
}
