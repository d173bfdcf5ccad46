/// Numbers reports and holds them until the server fetches them; bounded like a subscriber's queue, so whoever publishes
/// never waits and never fills the memory.
public struct Outbox: Sendable {
  /// Number of the last report.
  public private(set) var sequence: Int64 = 0
  private var queue: SubscriberQueue
  private let messageBytes: Int

  public init(limits: ProtocolLimits) {
    queue = SubscriberQueue(messageLimit: 8 * limits.queueMessages, byteLimit: 8 * limits.queueBytes)
    messageBytes = limits.messageBytes
  }

  public var isEmpty: Bool { queue.isEmpty }

  public mutating func publish(_ report: Report) {
    sequence += 1
    queue.append(Publication(report, sequence: sequence, longest: messageBytes))
  }

  /// Hands on everything that waits, in order, with what had to be dropped.
  public mutating func drain(publication: (Publication) -> Void, hole: (_ last: Int64, _ count: Int) -> Void) {
    queue.drain(publication: publication, hole: hole)
  }
}
