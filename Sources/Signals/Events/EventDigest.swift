import Digests

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

  private var time = BLAKE2bDigest()
  private var x = BLAKE2bDigest()
  private var y = BLAKE2bDigest()
  private var polarity = BLAKE2bDigest()

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
