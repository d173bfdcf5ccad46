import CKernels

/// A digest of each field of a stream of events: two readers agree when the four strings do.
///
/// BLAKE2b with 16 bytes over the field's values in stream order, little-endian: time as Int64, x and y as UInt16,
/// polarity as one byte; in Python `hashlib.blake2b(column.tobytes(), digest_size=16).hexdigest()`.
public struct EventDigest: Sendable {
  /// The four digests, as 32 hexadecimal digits each.
  public struct Fields: Sendable, Hashable, Codable {
    public var time: String
    public var x: String
    public var y: String
    public var polarity: String

    public init(time: String, x: String, y: String, polarity: String) {
      self.time = time
      self.x = x
      self.y = y
      self.polarity = polarity
    }
  }

  private var time = ByteDigest()
  private var x = ByteDigest()
  private var y = ByteDigest()
  private var polarity = ByteDigest()

  public init() {}

  /// Takes the next events of the stream.
  public mutating func add(_ batch: EventBatch) {
    batch.times.withUnsafeBytes { time.add($0) }
    batch.x.withUnsafeBytes { x.add($0) }
    batch.y.withUnsafeBytes { y.add($0) }
    batch.polarities.withUnsafeBytes { polarity.add($0) }
  }

  /// The digests of what came so far.
  public var fields: Fields {
    Fields(time: time.hexadecimal, x: x.hexadecimal, y: y.hexadecimal, polarity: polarity.hexadecimal)
  }
}

/// BLAKE2b of 16 bytes, fed piece by piece.
public struct ByteDigest: Sendable {
  private var state = ganglion_digest_state()

  public init() {
    ganglion_digest_begin(&state)
  }

  public mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    ganglion_digest_add(&state, base, Int64(bytes.count))
  }

  /// The digest of what came so far, as 32 hexadecimal digits.
  public var hexadecimal: String {
    var digest = [UInt8](repeating: 0, count: 16)
    withUnsafePointer(to: state) { ganglion_digest_end($0, &digest) }
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
