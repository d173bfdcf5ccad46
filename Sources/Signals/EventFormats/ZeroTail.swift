import CKernels

/// Zeros at the end of what has arrived: padding if the recording ends with them, data if more follows.
///
/// They are kept back from the decoder until that is known. A short run stays in the window; of a long one, which would
/// fill memory, only the length is kept.
struct ZeroTail: Sendable {
  /// Bytes of zeros that stay in the window; a multiple of every word's size.
  static let limit = 61_440
  private static let zeros = [UInt8](repeating: 0, count: limit)

  /// What to do next.
  enum Step: Equatable {
    /// Decode so many bytes of the window; `isLast` says that nothing but zeros follows.
    case bytes(Int, isLast: Bool)
    /// Decode so many bytes of zeros that were held: data follow them.
    case heldZeros(Int)
    /// Hold so many bytes of the window.
    case hold(Int)
    /// Wait for more bytes.
    case more
    /// The recording ends with so many words of zeros, which the window and what is held are all of.
    case end(words: Int64)
  }

  /// Bytes of zeros before the window.
  private(set) var held = 0
  private var isEvent = false

  /// - Parameter wordSize: nil where zeros are data like others.
  func next(_ input: InputBuffer, wordSize: Int?) -> Step {
    guard let wordSize, !isEvent else { return .bytes(input.count, isLast: input.isAtEnd) }
    let count = input.count
    let zeros = input.trailingZeros
    // The last word that is not all zeros may end with some.
    let visible = min(count, (count - zeros + wordSize - 1) / wordSize * wordSize)
    if visible > 0 {
      if held > 0 { return .heldZeros(min(held, Self.limit)) }
      return .bytes(visible, isLast: input.isAtEnd || count - visible > Self.limit)
    }
    if input.isAtEnd {
      let words = (held + count) / wordSize
      return words > 0 ? .end(words: Int64(words)) : .bytes(count, isLast: true)
    }
    return count > Self.limit ? .hold(count / wordSize * wordSize) : .more
  }

  mutating func hold(_ count: Int) { held += count }
  mutating func release(_ count: Int) { held -= count }

  /// What is left is an event after all.
  mutating func takeAsEvent() { isEvent = true }

  /// Gives so many bytes of zeros, at most `limit`, to `body`.
  static func withZeros<Result, Failure: Error>(
    _ count: Int, _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var result: Swift.Result<Result, Failure>?
    zeros.withUnsafeBytes { bytes in
      do throws(Failure) {
        result = .success(try body(UnsafeRawBufferPointer(rebasing: bytes[..<count])))
      } catch {
        result = .failure(error)
      }
    }
    guard let result else { preconditionFailure("an array always calls its body") }
    return try result.get()
  }
}

/// Zeros between the packets of a file, or behind the last: passed byte by byte, since the next packet may begin with
/// some.
struct ZeroPadding: Sendable {
  var isRunning = false

  /// Whether a byte at which no packet begins is padding: one of at least a whole header of zeros.
  mutating func goesOn(_ bytes: UnsafeRawBufferPointer, at position: Int, headerSize: Int) -> Bool {
    if !isRunning { isRunning = bytes[position..<position + headerSize].allSatisfy { $0 == 0 } }
    if bytes[position] != 0 { isRunning = false }
    return isRunning
  }

  /// How many bytes are padding at the end of a file, where there is room for no packet: all if they are zeros.
  mutating func end(
    _ bytes: UnsafeRawBufferPointer, from position: Int, _ report: inout ganglion_event_report
  ) -> Int {
    let rest = bytes[position...]
    guard rest.allSatisfy({ $0 == 0 }) else { return 0 }
    report.skip(.padding, count: Int64(rest.count))
    return rest.count
  }
}
