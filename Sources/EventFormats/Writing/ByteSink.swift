import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Where the bytes of a recording go, front to back.
public protocol ByteSink: Sendable {
  /// What errors call it: a path, or `standard output`.
  var name: String { get }
  /// Whether bytes already written can be replaced.
  var canPatch: Bool { get }
  /// Path under which a library can open the file while it is written; nil for pipes and memory.
  var path: String? { get }
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(EventFormatError)
  /// Replaces bytes that have been written; only where `canPatch`.
  mutating func patch(_ bytes: [UInt8], at offset: Int64) throws(EventFormatError)
  /// Says that all has been written: only now does a file stand under its name.
  mutating func finish() throws(EventFormatError)
}

extension ByteSink {
  public mutating func finish() throws(EventFormatError) {}
}

/// A file or pipe, written with plain system calls.
///
/// A regular file has no name while it is written: what is interrupted, or fails, leaves what was there before, be it
/// nothing, another file, or the very recording that is read. For libraries that need a name it has a passing one,
/// which goes with the sink. Where neither can be, it is written in place.
public final class FileByteSink: ByteSink {
  public let name: String
  public let path: String?
  public let canPatch: Bool
  private let descriptor: Int32
  private let closes: Bool
  /// Where the file goes in the end; nil for what is written in place.
  private let target: String?
  private let passingName: String?

  /// Creates or replaces a file; `-` is standard output.
  public init(path: String, needsName: Bool = false) throws(EventFormatError) {
    name = path == "-" ? "standard output" : path
    if path == "-" {
      self.path = nil
      target = nil
      passingName = nil
      descriptor = STDOUT_FILENO
      closes = false
      canPatch = false
      return
    }
    closes = true
    if let (descriptor, target, passingName) = Self.openBeside(path, needsName: needsName) {
      self.descriptor = descriptor
      self.target = target
      self.passingName = passingName
      canPatch = true
      self.path = passingName
      return
    }
    target = nil
    passingName = nil
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw EventFormatError(
        .cannotWrite, source: path, reason: "cannot be written: \(systemMessage(errno))",
        remedy: "check the folder and its permissions")
    }
    var status = stat()
    canPatch = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    self.path = canPatch ? path : nil
  }

  /// A new file in the folder where `path` leads, with the rights of the one it will replace; nil for devices and
  /// pipes, for a file that may not be written, and where the file system or the folder refuses.
  private static func openBeside(
    _ path: String, needsName: Bool
  ) -> (descriptor: Int32, target: String, passingName: String?)? {
    var status = stat()
    var target = path
    var mode: mode_t?
    if stat(path, &status) == 0 {
      guard status.st_mode & S_IFMT == S_IFREG, access(path, W_OK) == 0 else { return nil }
      mode = status.st_mode & 0o777
      // Where a link points, not the link, is replaced.
      guard let resolved = realpath(path, nil) else { return nil }
      target = String(cString: resolved)
      free(resolved)
    }
    let slash = target.utf8.lastIndex(of: UInt8(ascii: "/"))
    let folder = slash.map { $0 == target.startIndex ? "/" : String(target[..<$0]) } ?? "."
    let passingName = needsName ? "\(target).\(getpid()).partial" : nil
    let descriptor =
      passingName.map { open($0, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666) }
      ?? open(folder, O_WRONLY | withoutName | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { return nil }
    if let mode { fchmod(descriptor, mode) }
    return (descriptor, target, passingName)
  }

  /// `O_TMPFILE`, a macro that Swift does not see.
  private static var withoutName: Int32 { 0o20_000_000 | O_DIRECTORY }

  /// Gives the file its name; one that is there is replaced in one step.
  public func finish() throws(EventFormatError) {
    guard let target else { return }
    if let passingName {
      if rename(passingName, target) != 0 { throw failure() }
      return
    }
    let own = "/proc/self/fd/\(descriptor)"
    if linkat(AT_FDCWD, own, AT_FDCWD, target, AT_SYMLINK_FOLLOW) == 0 { return }
    guard errno == EEXIST else { throw failure() }
    let name = "\(target).\(getpid()).partial"
    guard linkat(AT_FDCWD, own, AT_FDCWD, name, AT_SYMLINK_FOLLOW) == 0 else { throw failure() }
    if rename(name, target) != 0 {
      let failed = failure()
      unlink(name)
      throw failed
    }
  }

  deinit {
    // After the end it is gone.
    if let passingName { unlink(passingName) }
    if closes { close(descriptor) }
  }

  private func failure() -> EventFormatError {
    EventFormatError(
      .cannotWrite, source: name, reason: "cannot be written: \(systemMessage(errno))",
      remedy: "check the space left and the permissions")
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(EventFormatError) {
    var rest = bytes
    while !rest.isEmpty {
      #if canImport(Glibc)
        let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
      #else
        let count = Musl.write(descriptor, rest.baseAddress, rest.count)
      #endif
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      rest = UnsafeRawBufferPointer(rebasing: rest[count...])
    }
  }

  public func patch(_ bytes: [UInt8], at offset: Int64) throws(EventFormatError) {
    let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }
    guard count == bytes.count else { throw failure() }
  }
}

/// Keeps what is written, for tests.
public final class MemoryByteSink: ByteSink {
  private let storage = SharedBytes()
  public let canPatch: Bool
  public var name: String { "memory" }
  public var path: String? { nil }

  public init(canPatch: Bool = true) {
    self.canPatch = canPatch
  }

  /// What has been written so far.
  public var bytes: [UInt8] { storage.bytes.withLock { $0 } }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(EventFormatError) {
    let copy = Array(bytes)
    storage.bytes.withLock { $0.append(contentsOf: copy) }
  }

  public func patch(_ bytes: [UInt8], at offset: Int64) throws(EventFormatError) {
    storage.bytes.withLock { $0.replaceSubrange(Int(offset)..<Int(offset) + bytes.count, with: bytes) }
  }
}

private final class SharedBytes: Sendable {
  let bytes = Mutex<[UInt8]>([])
}

/// Collects small writes and hands them to a sink in large ones.
struct OutputBuffer: Sendable {
  static let flushSize = 256 * 1024

  private(set) var sink: any ByteSink
  private(set) var bytes: [UInt8] = []
  /// Position in the file of the next byte.
  private(set) var offset: Int64 = 0

  init(_ sink: any ByteSink) {
    self.sink = sink
    bytes.reserveCapacity(Self.flushSize + 4096)
  }

  mutating func append(_ byte: UInt8) {
    bytes.append(byte)
    offset += 1
  }

  mutating func append(text: String) {
    bytes.append(contentsOf: text.utf8)
    offset += Int64(text.utf8.count)
  }

  mutating func append(contentsOf other: some Collection<UInt8>) {
    bytes.append(contentsOf: other)
    offset += Int64(other.count)
  }

  mutating func append<Value: FixedWidthInteger>(little value: Value) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    offset += Int64(MemoryLayout<Value>.size)
  }

  mutating func append<Value: FixedWidthInteger>(big value: Value) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    offset += Int64(MemoryLayout<Value>.size)
  }

  /// Hands what has been collected to the sink when it is enough.
  mutating func flushIfLarge() throws(EventFormatError) {
    if bytes.count >= Self.flushSize { try flush() }
  }

  mutating func flush() throws(EventFormatError) {
    guard !bytes.isEmpty else { return }
    var failure: EventFormatError?
    bytes.withUnsafeBytes { buffer in
      do throws(EventFormatError) {
        try sink.write(buffer)
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    bytes.removeAll(keepingCapacity: true)
  }

  /// Hands over what is left and says that all has been written.
  mutating func finish() throws(EventFormatError) {
    try flush()
    try sink.finish()
  }

  mutating func patch(_ replacement: [UInt8], at place: Int64) throws(EventFormatError) {
    try flush()
    try sink.patch(replacement, at: place)
  }
}
