import EventFormats
import Synchronization

/// Keeps what is written.
final class MemoryByteSink: ByteSink {
  private let storage = SharedBytes()
  let canPatch: Bool
  var name: String { "memory" }
  var path: String? { nil }

  init(canPatch: Bool = true) {
    self.canPatch = canPatch
  }

  /// What has been written so far.
  var bytes: [UInt8] { storage.bytes.withLock { $0 } }

  func write(_ bytes: UnsafeRawBufferPointer) throws(EventFormatError) {
    let copy = Array(bytes)
    storage.bytes.withLock { $0.append(contentsOf: copy) }
  }

  func patch(_ bytes: [UInt8], at offset: Int64) throws(EventFormatError) {
    storage.bytes.withLock { $0.replaceSubrange(Int(offset)..<Int(offset) + bytes.count, with: bytes) }
  }
}

private final class SharedBytes: Sendable {
  let bytes = Mutex<[UInt8]>([])
}
