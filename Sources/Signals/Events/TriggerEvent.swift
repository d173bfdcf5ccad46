/// An edge on a wire of the camera: what users record to line events up with something else.
public struct TriggerEvent: Sendable, Hashable, Codable {
  /// Stream time, microseconds.
  public var timeMicroseconds: Int64
  /// Number of the input.
  public var channel: UInt8
  /// Whether the edge rises.
  public var isRising: Bool

  public init(timeMicroseconds: Int64, channel: UInt8, isRising: Bool) {
    self.timeMicroseconds = timeMicroseconds
    self.channel = channel
    self.isRising = isRising
  }
}
