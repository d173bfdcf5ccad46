#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Bytes between one who makes them in large pieces and one who takes them in small ones.
struct ByteWindow: Sendable {
  /// What is made at a time, bytes: it stays in the second-level cache.
  static let pieceSize = 128 * 1024

  private var storage: [UInt8] = []
  private var start = 0
  private var end = 0

  var count: Int { end - start }

  mutating func removeAll() {
    start = 0
    end = 0
  }

  mutating func consume(_ amount: Int) {
    start += amount
  }

  /// Gives free room to `body`, which returns how many bytes it wrote to its front.
  mutating func fill<Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Int
  ) throws(Failure) {
    if storage.count - end < Self.pieceSize {
      let kept = start..<end
      storage.withUnsafeMutableBytes { bytes in
        bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[kept]))
      }
      start = 0
      end = kept.count
      let missing = end + Self.pieceSize - storage.count
      if missing > 0 { storage.append(contentsOf: repeatElement(0, count: missing)) }
    }
    let free = end
    var result: Result<Int, Failure> = .success(0)
    storage.withUnsafeMutableBytes { bytes in
      let room = UnsafeMutableRawBufferPointer(rebasing: bytes[free..<free + Self.pieceSize])
      do throws(Failure) {
        result = .success(try body(room))
      } catch {
        result = .failure(error)
      }
    }
    end += try result.get()
  }

  /// Gives the bytes to `body`.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
  }
}
