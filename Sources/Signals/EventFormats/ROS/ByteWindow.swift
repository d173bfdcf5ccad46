import Glibc

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
      makeRoom()
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

  /// Moves what is kept to the front, of larger storage where that is needed.
  private mutating func makeRoom() {
    let kept = start..<end
    (start, end) = (0, kept.count)
    if storage.count - end >= Self.pieceSize {
      storage.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[kept])) }
    } else {
      var larger = [UInt8](repeating: 0, count: 2 * kept.count + Self.pieceSize)
      larger.withUnsafeMutableBytes { new in
        storage.withUnsafeBytes { new.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[kept])) }
      }
      storage = larger
    }
  }

  /// Gives the bytes to `body`.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    storage.withUnsafeBytes { body(UnsafeRawBufferPointer(rebasing: $0[start..<end])) }
  }
}
