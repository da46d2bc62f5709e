import Bytes
import CSystem
import Glibc

/// A directory that takes exchanges: mode 0700, its files 0600. Belongs to one thread, which it
/// holds up while it writes.
public final class CaptureStore {
  public let path: String
  private let directory: Int32
  private let index: Int32
  private let run: String
  private let maxBytes: Int
  /// Bytes in the directory, files of earlier runs included.
  private var usedBytes: Int

  /// Makes the directory if there is none; its parent must exist.
  /// - Parameters:
  ///   - maxBytes: what all files of the directory may take up together.
  ///   - startedAt: milliseconds since 1970; makes the names of a run's files its own.
  public init(path: String, maxBytes: Int, startedAt: Int64) throws(CaptureError) {
    self.path = path
    self.maxBytes = maxBytes
    run = hexadecimal(UInt64(clamping: startedAt), digits: 11) + "-" + String(getpid(), radix: 16)
    if mkdir(path, 0o700) != 0, errno != EEXIST {
      throw CaptureError.failed(path: path, code: errno)
    }
    let opened = csystem_open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    guard opened >= 0 else { throw CaptureError.failed(path: path, code: errno) }
    var facts = stat()
    guard fstat(opened, &facts) == 0, facts.st_uid == geteuid(), facts.st_mode & 0o022 == 0 else {
      close(opened)
      throw CaptureError.notPrivate(path: path)
    }
    let name = CaptureIndex.fileName
    let index = csystem_openat(
      opened, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard index >= 0 else {
      let code = errno
      close(opened)
      throw CaptureError.failed(path: path + "/" + name, code: code)
    }
    directory = opened
    self.index = index
    usedBytes = Self.bytes(in: path, opened)
  }

  deinit {
    close(index)
    close(directory)
  }

  /// Writes the bodies, and then the line that makes them known. If that fails nothing of the
  /// exchange is left behind.
  /// - Parameter dropped: exchanges since the last one that found no room in memory.
  public func write(_ record: CaptureRecord, dropped: Int) throws(CaptureError) {
    let number = String(record.number)
    let name = run + "-" + String(repeating: "0", count: max(0, 6 - number.count)) + number
    var files = CaptureIndex.Files()
    if record.request.count > 0 { files.request = name + ".request" }
    if !record.forwarded.isEmpty { files.forwarded = name + ".forwarded" }
    if record.response.count > 0 { files.response = name + ".response" }
    let line = CaptureIndex.line(record, run: run, files, dropped: dropped)
    let size = line.count + record.byteCount
    guard size <= maxBytes - usedBytes else {
      throw CaptureError.full(path: path, maxBytes: maxBytes)
    }
    var made: [String] = []
    do throws(CaptureError) {
      if let file = files.request { try create(file, [record.request.bytes], &made) }
      if let file = files.forwarded { try create(file, record.forwarded.map(\.bytes), &made) }
      if let file = files.response { try create(file, [record.response.bytes], &made) }
      try append(line)
    } catch {
      for file in made { unlinkat(directory, file, 0) }
      throw error
    }
    usedBytes += size
  }

  private func create(
    _ name: String, _ parts: [UnsafeRawBufferPointer], _ made: inout [String]
  ) throws(CaptureError) {
    let flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW
    let file = csystem_openat(directory, name, flags, 0o600)
    guard file >= 0 else { throw failure(name) }
    made.append(name)
    defer { close(file) }
    for part in parts { try writeAll(part, to: file, name) }
  }

  /// A line that was written in part would make the next one unreadable, too.
  private func append(_ line: [UInt8]) throws(CaptureError) {
    let end = lseek(index, 0, SEEK_END)
    do throws(CaptureError) {
      try line.withUnsafeBufferPointer { bytes throws(CaptureError) in
        try writeAll(UnsafeRawBufferPointer(bytes), to: index, CaptureIndex.fileName)
      }
    } catch {
      if end >= 0 { ftruncate(index, end) }
      throw error
    }
  }

  private func writeAll(
    _ bytes: UnsafeRawBufferPointer, to file: Int32, _ name: String
  ) throws(CaptureError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(file, rest.baseAddress, rest.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw failure(name) }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  private func failure(_ name: String) -> CaptureError {
    .failed(path: path + "/" + name, code: errno)
  }

  private static func bytes(in path: String, _ directory: Int32) -> Int {
    guard let listing = opendir(path) else { return 0 }
    defer { closedir(listing) }
    var sum = 0
    while let entry = readdir(listing) {
      var facts = stat()
      let isThere = withUnsafePointer(to: &entry.pointee.d_name) { name in
        name.withMemoryRebound(to: CChar.self, capacity: 256) {
          fstatat(directory, $0, &facts, AT_SYMLINK_NOFOLLOW) == 0
        }
      }
      if isThere, facts.st_mode & S_IFMT == S_IFREG { sum += Int(facts.st_size) }
    }
    return sum
  }
}
