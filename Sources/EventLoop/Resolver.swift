import CUV
import Glibc
import Synchronization

/// One name look-up, done on libuv's thread pool so that a slow name server does not hold up the
/// loop.
public final class Resolver {
  private let request: UnsafeMutablePointer<uv_getaddrinfo_t>
  private let loop: Loop
  private let port: Int
  private var done: ((Result<[SocketAddress], UVError>) -> Void)?

  private static let running = Atomic<Int>(0)

  /// Whether any look-up of the process is under way. It cannot be ended, and at its exit the process
  /// would wait for it.
  public static var isBusy: Bool { running.load(ordering: .relaxed) > 0 }

  private init(
    loop: Loop, port: Int, _ done: @escaping (Result<[SocketAddress], UVError>) -> Void
  ) {
    self.loop = loop
    request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    self.port = port
    self.done = done
  }

  deinit { request.deallocate() }

  /// Looks `host` up (a name, or an address literal). `done` is called once, in a later round, with
  /// at least one address in the system's order of preference; not at all after `cancel`. `localhost`
  /// is this machine without a look-up.
  @discardableResult
  public static func resolve(
    loop: Loop, host: String, port: Int,
    _ done: @escaping (Result<[SocketAddress], UVError>) -> Void
  ) -> Resolver {
    let look = Resolver(loop: loop, port: port, done)
    if let literal = try? SocketAddress(ip: host, port: port) {
      loop.soon { look.finish(.success([literal])) }
      return look
    }
    if isThisMachine(host) {
      let addresses = ["::1", "127.0.0.1"].compactMap { try? SocketAddress(ip: $0, port: port) }
      loop.soon { look.finish(.success(addresses)) }
      return look
    }
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    cuv_set_request_data(look.request, Unmanaged.passRetained(look).toOpaque())
    let code = uv_getaddrinfo(
      loop.raw, look.request,
      { request, status, list in
        guard let data = cuv_request_data(request) else { return }
        let look = Unmanaged<Resolver>.fromOpaque(data).takeRetainedValue()
        Resolver.running.subtract(1, ordering: .relaxed)
        look.loop.works()
        look.finish(status: status, list)
        uv_freeaddrinfo(list)
      }, host, nil, &hints)
    if code == 0 {
      running.add(1, ordering: .relaxed)
    } else {
      Unmanaged.passUnretained(look).release()
      loop.soon { look.finish(.failure(UVError(.resolve, code))) }
    }
    return look
  }

  /// RFC 6761 section 6.3: such names mean this machine, and no name server is asked.
  private static func isThisMachine(_ host: String) -> Bool {
    let name = host.lowercased()
    return name == "localhost" || name.hasSuffix(".localhost")
  }

  /// Drops the result. The look-up itself may still run to its end in the background.
  public func cancel() {
    guard done != nil else { return }
    done = nil
    uv_cancel(cuv_request(request))
  }

  private func finish(status: Int32, _ list: UnsafeMutablePointer<addrinfo>?) {
    if status < 0 { return finish(.failure(UVError(.resolve, status))) }
    var addresses: [SocketAddress] = []
    var next = list
    while let entry = next {
      if let raw = entry.pointee.ai_addr, let address = SocketAddress(raw)?.withPort(port),
        !addresses.contains(address)
      {
        addresses.append(address)
      }
      next = entry.pointee.ai_next
    }
    if addresses.isEmpty {
      finish(.failure(UVError(.resolve, UV_EAI_NODATA.rawValue)))
    } else {
      finish(.success(addresses))
    }
  }

  private func finish(_ result: Result<[SocketAddress], UVError>) {
    let done = done
    self.done = nil
    done?(result)
  }
}
