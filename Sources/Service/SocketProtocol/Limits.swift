/// The version this code speaks: additions raise the second number, anything else the first.
public enum ProtocolVersion {
  public static let current = [1, 4]
}

/// Bounds on everything a peer can make a daemon hold or wait for. Times in milliseconds of a monotonic clock.
public struct ProtocolLimits: Equatable, Sendable {
  /// Longest request line without its end, bytes.
  public var requestBytes = 4_096
  /// Longest message with its end, bytes.
  public var messageBytes = 65_536
  /// Lines that wait for one subscriber.
  public var queueMessages = 1_024
  /// Bytes that wait for one subscriber.
  public var queueBytes = 1 << 20
  /// Answers that may wait for a subscriber before its requests are left unread.
  public var waitingReplies = 16
  /// A subscriber that is behind for so long, having lost something, is sent away.
  public var slowMilliseconds: Int64 = 10_000
  /// Time between pings.
  public var pingMilliseconds: Int64 = 10_000
  /// A peer that has given no sign of life for so long is sent away.
  public var silenceMilliseconds: Int64 = 25_000

  public init() {}
}
