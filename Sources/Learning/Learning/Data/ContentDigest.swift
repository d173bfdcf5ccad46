import Digests
import Glibc

/// Tells contents apart.
struct ContentDigest: Hashable, Sendable {
  private let bytes: [UInt8]

  fileprivate init(_ digest: BLAKE2bDigest) { bytes = digest.bytes }

  /// The bytes of a file.
  ///
  /// - Throws: `DataError` where the file cannot be read.
  init(ofFile path: String) throws(DataError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .missingFile(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var digest = BLAKE2bDigest()
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    while true {
      let got = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard got >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
      if got == 0 { break }
      buffer.withUnsafeBytes { digest.add(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
    }
    self.init(digest)
  }
}

/// Takes the digest of a content word by word.
struct ContentHasher {
  private var whole = BLAKE2bDigest()
  /// Words that were not handed on yet: one at a time would cost more than hashing them.
  private var waiting: [UInt64] = []
  private(set) var words = 0

  mutating func add(_ word: UInt64) {
    waiting.append(word)
    words += 1
    guard waiting.count == 4096 else { return }
    waiting.withUnsafeBytes { whole.add($0) }
    waiting.removeAll(keepingCapacity: true)
  }

  /// The digest of all words so far.
  var digest: ContentDigest {
    var last = whole
    waiting.withUnsafeBytes { last.add($0) }
    return ContentDigest(last)
  }
}
