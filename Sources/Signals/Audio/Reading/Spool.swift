import Glibc

/// A recording in a file the library can seek in: its own, or one without a name that holds what a pipe brought.
final class Spool {
  let descriptor: Int32

  /// Gathers everything that is left of a stream.
  ///
  /// - Parameters:
  ///   - header: bytes in front of it.
  ///   - container: what to call the format in errors.
  init(_ stream: ByteStream, behind header: [UInt8], container: String) throws(AudioError) {
    func failure() -> AudioError {
      AudioError(
        source: stream.name, reason: .cannotGather(format: container, String(cString: strerror(errno))))
    }
    if header.isEmpty, let file = stream.untouchedFile, lseek(file, 0, SEEK_CUR) == off_t(stream.available) {
      // Nothing but the look ahead has been read: the file itself will do.
      descriptor = fcntl(file, F_DUPFD_CLOEXEC, 0)
      guard descriptor >= 0, lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure() }
      return
    }
    let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    // The six letters are what mkstemp puts a name of its own in place of.
    var template = Array("\(folder)/ganglion-\(String(repeating: "X", count: 6))".utf8CString)
    descriptor = mkstemp(&template)
    guard descriptor >= 0 else { throw failure() }
    unlink(template)
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    try header.withUnsafeBufferPointer { bytes throws(AudioError) in
      try write(UnsafeRawBufferPointer(bytes), or: failure)
    }
    var gathered: Int64 = 0
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = try piece.withUnsafeMutableBufferPointer { room throws(AudioError) in
        try stream.take(into: UnsafeMutableRawBufferPointer(room))
      }
      if count == 0 { break }
      gathered += Int64(count)
      if gathered > AudioLimits.gathered {
        throw AudioError(
          source: stream.name,
          reason: .cannotGather(format: container, "it has more than \(AudioLimits.gathered >> 20) MiB"))
      }
      try piece.withUnsafeBufferPointer { bytes throws(AudioError) in
        try write(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[..<count])), or: failure)
      }
    }
    guard lseek(descriptor, 0, SEEK_SET) == 0 else { throw failure() }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  private func write(_ bytes: UnsafeRawBufferPointer, or failure: () -> AudioError) throws(AudioError) {
    var rest = bytes
    while !rest.isEmpty {
      let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      if count < 0 && errno == EINTR { continue }
      if count <= 0 { throw failure() }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }
}
