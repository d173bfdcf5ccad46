import Glibc
import OutputFiles

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

/// A file, which appears whole or not at all, or standard output.
public final class FileByteSink: ByteSink {
  public let name: String
  /// Nil for standard output.
  private let file: OutputFile?

  public var path: String? { file?.passingPath }
  public var canPatch: Bool { file?.canPatch ?? false }

  /// Begins a file, or replaces one; `-` is standard output.
  ///
  /// - Parameter needsName: whether a library is to open it by `path`.
  public init(path: String, needsName: Bool = false) throws(EventFormatError) {
    name = path == "-" ? "standard output" : path
    do throws(OutputFileError) {
      file = path == "-" ? nil : try OutputFile(path, needsName: needsName)
    } catch {
      throw EventFormatError(error)
    }
  }

  public func finish() throws(EventFormatError) {
    do throws(OutputFileError) {
      try file?.finish()
    } catch {
      throw EventFormatError(error)
    }
  }

  public func write(_ bytes: UnsafeRawBufferPointer) throws(EventFormatError) {
    do throws(OutputFileError) {
      if let file { return try file.write(bytes) }
      let number = writeWhole(bytes, to: STDOUT_FILENO)
      if number != 0 { throw OutputFileError(path: name, number: number) }
    } catch {
      throw EventFormatError(error)
    }
  }

  public func patch(_ bytes: [UInt8], at offset: Int64) throws(EventFormatError) {
    do throws(OutputFileError) {
      try bytes.span.bytes.withUnsafeBytes { buffer throws(OutputFileError) in try file?.patch(buffer, at: offset) }
    } catch {
      throw EventFormatError(error)
    }
  }
}

extension EventFormatError {
  /// What the system says of a file that is written.
  init(_ error: OutputFileError) {
    self.init(
      error.kind == .readerGone ? .readerGone : .cannotWrite, source: error.path,
      reason: "cannot be written: \(error.reason)", remedy: error.remedy)
  }
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
