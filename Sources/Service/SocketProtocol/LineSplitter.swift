/// Cuts a stream of bytes into lines, holding no more than one line of the longest length allowed.
///
/// A line ends with `\n`; a `\r` before it does not count. What is too long is thrown away up to its end and reported
/// once, so the lines after it are read again.
public struct LineSplitter: Sendable {
  public enum Piece: Equatable, Sendable {
    /// A line without its end.
    case line([UInt8])
    /// A line that was longer than allowed.
    case tooLong
  }

  public let longest: Int
  private var rest: [UInt8] = []
  private var isSkipping = false

  /// - Parameter longest: of a line without its end, bytes.
  public init(longest: Int) {
    self.longest = longest
  }

  /// Bytes of a line that has not ended yet.
  public var waiting: Int { rest.count }

  /// Takes the next bytes and hands on the lines that are whole.
  public mutating func push(_ bytes: some Sequence<UInt8>, take: (Piece) -> Void) {
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        if !isSkipping {
          if rest.last == UInt8(ascii: "\r") { rest.removeLast() }
          take(rest.count > longest ? .tooLong : .line(rest))
        }
        isSkipping = false
        rest.removeAll(keepingCapacity: true)
      } else if !isSkipping {
        // One byte more than allowed may still be the `\r` of the end.
        if rest.count > longest {
          isSkipping = true
          rest.removeAll(keepingCapacity: true)
          take(.tooLong)
        } else {
          rest.append(byte)
        }
      }
    }
  }
}
