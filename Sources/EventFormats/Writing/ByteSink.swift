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
  /// Path of the file, for formats that a library writes; nil for pipes and memory.
  var path: String? { get }
  mutating func write(_ bytes: UnsafeRawBufferPointer) throws(EventFormatError)
  /// Replaces bytes that have been written; only where `canPatch`.
  mutating func patch(_ bytes: [UInt8], at offset: Int64) throws(EventFormatError)
}

/// A file or pipe, written with plain system calls.
public final class FileByteSink: ByteSink {
  public let name: String
  public let path: String?
  public let canPatch: Bool
  private let descriptor: Int32
  private let closes: Bool

  /// Creates or replaces a file; `-` is standard output.
  public init(path: String) throws(EventFormatError) {
    if path == "-" {
      name = "standard output"
      self.path = nil
      descriptor = STDOUT_FILENO
      closes = false
      canPatch = false
      return
    }
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else {
      throw EventFormatError(
        .inputOutput, source: path, reason: "cannot be written: \(systemMessage(errno))",
        remedy: "check the folder and its permissions")
    }
    var status = stat()
    canPatch = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    name = path
    self.path = canPatch ? path : nil
    closes = true
  }

  deinit {
    if closes { close(descriptor) }
  }

  private func failure() -> EventFormatError {
    EventFormatError(
      .inputOutput, source: name, reason: "cannot be written: \(systemMessage(errno))",
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

  mutating func patch(_ replacement: [UInt8], at place: Int64) throws(EventFormatError) {
    try flush()
    try sink.patch(replacement, at: place)
  }
}
