import Bytes
public import EventLoop

/// A model server without a model: it renders prompts, keeps them in slots like llama.cpp, takes
/// the time a prefill of the missing part would take, and answers with text made from the prompt.
///
/// Belongs to the thread of its loop; `record` may be read from anywhere.
public final class SimulatorServer {
  public let address: SocketAddress
  let options: SimulatorOptions
  let record: SimulatorRecord
  let loop: Loop
  let model: SimulatedModel
  /// Where every connection reads to; used up before the next read.
  let readBuffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
  private let connections: Connections
  private let listener: TCPListener

  private final class Connections {
    var open: [ObjectIdentifier: SimulatorConnection] = [:]
    /// Cleared by `stop`: until then the open handles keep the server alive.
    var server: SimulatorServer?
  }

  /// Starts to listen at once; requests are answered while the loop runs.
  public init(loop: Loop, options: SimulatorOptions = SimulatorOptions()) throws(UVError) {
    let connections = Connections()
    let listen: SocketAddress
    if let wanted = options.listen {
      listen = wanted
    } else {
      listen = try SocketAddress(ip: "127.0.0.1", port: 0)
    }
    listener = try TCPListener(loop: loop, address: listen) { stream in
      guard let server = connections.server else { return stream.close() }
      server.accept(stream)
    }
    self.loop = loop
    self.options = options
    self.connections = connections
    address = listener.address
    record = SimulatorRecord(limit: options.recordedBodies)
    model = SimulatedModel(loop: loop, options: options, record: record)
    connections.server = self
  }

  deinit { readBuffer.deallocate() }

  /// Closes the listener and all connections. Idempotent. A server lives until it is stopped.
  public func stop() {
    connections.server = nil
    listener.close()
    for connection in connections.open.values { connection.close() }
    model.stop()
  }

  private func accept(_ stream: TCPStream) {
    record.count { $0.connections += 1 }
    let connection = SimulatorConnection(server: self, stream: stream)
    connections.open[ObjectIdentifier(connection)] = connection
  }

  func closed(_ connection: SimulatorConnection) {
    connections.open[ObjectIdentifier(connection)] = nil
  }
}
