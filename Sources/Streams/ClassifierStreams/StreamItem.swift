import StreamSources

/// What is sent down a stream.
public enum StreamItem<Block: StreamBlock>: Sendable {
  /// - Parameter arrivedMicroseconds: on the monotonic clock, for the latency; 0 where nobody asks for it.
  case block(Block, arrivedMicroseconds: Int64)
  /// What is open is to be finished; what follows begins anew.
  case cut
  /// Nothing has come up to this stream time, and nothing earlier will.
  case idle(untilMicroseconds: Int64)
}
