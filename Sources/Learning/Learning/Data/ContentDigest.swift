import Glibc

/// Tells contents apart: two independent 64-bit hashes over words, and their number.
struct ContentDigest: Hashable, Sendable {
  private var first: UInt64 = 0xcbf2_9ce4_8422_2325
  private var second: UInt64 = 0x9e37_79b9_7f4a_7c15
  private(set) var words = 0

  mutating func add(_ word: UInt64) {
    first = (first ^ word) &* 0x100_0000_01b3
    first ^= first >> 29
    second = (second &+ word) &* 0xd6e8_feb8_6659_fd93
    second ^= second >> 32
    words += 1
  }

  init() {}

  /// The bytes of a file.
  ///
  /// - Throws: `DataError` where the file cannot be read.
  init(ofFile path: String) throws(DataError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .missingFile(path: path, reason: String(cString: strerror(errno))) }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 18)
    var filled = 0
    while true {
      let got = buffer.withUnsafeMutableBytes { bytes -> Int in
        // The rest of the buffer begins within it: it is never full here.
        bytes.baseAddress.map { read(descriptor, $0 + filled, bytes.count - filled) } ?? 0
      }
      guard got >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
      if got == 0 { break }
      filled += got
      // Whole words, wherever a read ends: pieces must not change the digest.
      if filled == buffer.count {
        add(buffer)
        filled = 0
      }
    }
    add(Array(buffer[..<filled]))
  }

  private mutating func add(_ bytes: [UInt8]) {
    bytes.withUnsafeBytes { bytes in
      let whole = bytes.count / 8
      for word in 0..<whole { add(bytes.loadUnaligned(fromByteOffset: word * 8, as: UInt64.self)) }
      // The length tells the rest from zeros.
      var rest = UInt64(bytes.count % 8)
      for byte in bytes[(whole * 8)...] { rest = rest << 8 | UInt64(byte) }
      add(rest)
    }
  }
}
