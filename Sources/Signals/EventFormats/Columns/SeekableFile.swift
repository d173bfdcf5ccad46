import Glibc
import Synchronization

/// An open file for the formats that have to seek. A pipe is first copied to a temporary file.
final class SeekableFile: Sendable {
  let name: String
  let size: Int64
  private let descriptor: Int32
  /// Name of the temporary file until it is taken away.
  private let temporaryPath = Mutex<String?>(nil)

  init(_ input: InputBuffer) throws(EventFormatError) {
    name = input.name
    if let path = input.source.path {
      descriptor = open(path, O_RDONLY | O_CLOEXEC)
      if descriptor < 0 { throw Self.failure("cannot be opened", input.name) }
    } else {
      let (spooled, path) = try Self.spool(input)
      descriptor = spooled
      temporaryPath.withLock { $0 = path }
    }
    var status = stat()
    size = fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
  }

  private static func failure(_ what: String, _ name: String) -> EventFormatError {
    EventFormatError(
      .inputOutput, source: name, reason: "\(what): \(systemMessage(errno))",
      remedy: "check the path, or the space left for temporary files")
  }

  /// Copies what is left of a stream to a temporary file.
  private static func spool(_ stream: InputBuffer) throws(EventFormatError) -> (descriptor: Int32, path: String) {
    guard let (descriptor, path) = TemporaryFiles.make() else {
      throw failure("no temporary file in \(TemporaryFiles.folder)", stream.name)
    }
    do throws(EventFormatError) {
      var input = stream
      while try input.require(1) {
        let piece = input.prefix(InputBuffer.readSize)
        let isWhole = piece.withUnsafeBytes { TemporaryFiles.write($0, to: descriptor) }
        if !isWhole { throw failure("cannot be copied to a temporary file", stream.name) }
        input.consume(piece.count)
      }
    } catch {
      close(descriptor)
      unlink(path)
      throw error
    }
    return (descriptor, path)
  }

  deinit {
    forgetName()
    close(descriptor)
  }

  /// A path under which a library can open the file again until `forgetName`.
  var path: String { temporaryPath.withLock { $0 } ?? "/proc/self/fd/\(descriptor)" }

  /// Takes the name of a temporary file away: its bytes go with the last one who has it open.
  func forgetName() {
    temporaryPath.withLock { path in
      if let path { unlink(path) }
      path = nil
    }
  }

  /// Reads up to `buffer.count` bytes from a place; fewer only at the end.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(EventFormatError) -> Int {
    guard let base = buffer.baseAddress else { return 0 }
    var total = 0
    while total < buffer.count {
      let count = pread(descriptor, base + total, buffer.count - total, off_t(offset) + off_t(total))
      if count < 0, errno == EINTR { continue }
      if count < 0 {
        throw EventFormatError(
          .inputOutput, source: name, byteOffset: offset, reason: "cannot be read: \(systemMessage(errno))",
          remedy: "check the device and try again")
      }
      if count == 0 { break }
      total += count
    }
    return total
  }

  /// Reads exactly some bytes from a place, nil when the file is shorter.
  func bytes(at offset: Int64, count: Int) throws(EventFormatError) -> [UInt8]? {
    guard offset >= 0, count >= 0, offset <= size - Int64(count) else { return nil }
    var bytes = [UInt8](repeating: 0, count: count)
    var failure: EventFormatError?
    var received = 0
    bytes.withUnsafeMutableBytes { buffer in
      do throws(EventFormatError) {
        received = try read(into: buffer, at: offset)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return received == count ? bytes : nil
  }
}

/// A stretch of an open file, read front to back.
struct FileRangeSource: ByteSource {
  var name: String { file.name }
  var path: String? { nil }
  private let file: SeekableFile
  private var position: Int64
  private let end: Int64

  init(_ file: SeekableFile, offset: Int64, count: Int64) {
    self.file = file
    position = offset
    end = offset + count
  }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    let count = Int(min(Int64(buffer.count), end - position))
    let received = try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: position)
    position += Int64(received)
    return received
  }
}
