import Glibc

/// Where the bytes of a recording come from, front to back.
public protocol ByteSource: Sendable {
  /// What errors call it: a path, or `standard input`.
  var name: String { get }
  /// Path of a regular file, for the formats that have to seek; nil for pipes and memory.
  var path: String? { get }
  /// Reads at least one and at most `buffer.count` bytes; 0 at the end. May return fewer than asked for.
  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int
}

/// A file or pipe, read with plain system calls.
public final class FileByteSource: ByteSource {
  public let name: String
  public let path: String?
  private let descriptor: Int32
  private let closes: Bool

  /// Opens a file for reading; `-` is standard input, and the folder of a ROS 2 bag stands for its description.
  public init(path: String) throws(EventFormatError) {
    if path == "-" {
      name = "standard input"
      self.path = nil
      descriptor = STDIN_FILENO
      closes = false
      return
    }
    var target = path
    var opened = open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else {
      throw EventFormatError(
        .inputOutput, source: path, reason: "cannot be opened: \(systemMessage(errno))",
        remedy: "check the path and its permissions")
    }
    var status = stat()
    if fstat(opened, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
      close(opened)
      target = path + (path.hasSuffix("/") ? "" : "/") + "metadata.yaml"
      opened = open(target, O_RDONLY | O_CLOEXEC)
      guard opened >= 0 else {
        throw EventFormatError(
          .inputOutput, source: path, reason: "is a folder", remedy: "name one recording in it")
      }
    }
    let isRegular = fstat(opened, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    name = path
    self.path = isRegular ? target : nil
    descriptor = opened
    closes = true
  }

  deinit {
    if closes { close(descriptor) }
  }

  /// Size of a regular file, bytes; 0 for anything else.
  public var size: Int64 {
    var status = stat()
    return path != nil && fstat(descriptor, &status) == 0 ? Int64(status.st_size) : 0
  }

  public func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    guard let base = buffer.baseAddress, !buffer.isEmpty else { return 0 }
    while true {
      let count = Glibc.read(descriptor, base, buffer.count)
      if count >= 0 { return count }
      if errno != EINTR {
        throw EventFormatError(
          .inputOutput, source: name, reason: "cannot be read: \(systemMessage(errno))",
          remedy: "check the device and try again")
      }
    }
  }
}

/// Bytes already in memory, handed out in pieces of at most `pieceSize`.
public struct MemoryByteSource: ByteSource {
  public let name: String
  public var path: String? { nil }
  private let bytes: [UInt8]
  private let pieceSize: Int
  private var position = 0

  /// Bytes at hand.
  ///
  /// - Parameter pieceSize: most bytes that one read gives: as a pipe may give few.
  public init(_ bytes: [UInt8], name: String = "memory", pieceSize: Int = .max) {
    self.bytes = bytes
    self.name = name
    self.pieceSize = max(pieceSize, 1)
  }

  public mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    let count = min(buffer.count, pieceSize, bytes.count - position)
    bytes.withUnsafeBytes { buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[position..<position + count])) }
    position += count
    return count
  }
}

/// The words of the system for an error number.
func systemMessage(_ number: Int32) -> String {
  String(cString: strerror(number))
}
