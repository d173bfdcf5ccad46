/// What a channel does with an element for which there is no room.
public enum OverflowPolicy: Equatable, Sendable {
  /// The sender waits: nothing is lost. For files.
  case suspend
  /// The oldest element is dropped and counted: the sender never waits. For live sources.
  case dropOldest
}

/// An element as it leaves a channel.
public struct Delivery<Element> {
  public var element: Element
  /// Elements dropped directly before this one.
  public var droppedBefore: Int

  public init(element: Element, droppedBefore: Int) {
    self.element = element
    self.droppedBefore = droppedBefore
  }
}

extension Delivery: Sendable where Element: Sendable {}
extension Delivery: Equatable where Element: Equatable {}

/// The rules of a bounded channel, without threads, locks or waiting: every method changes the state and returns what
/// is to be done.
///
/// Any number of senders, one receiver. Waiting parties are known by tokens the caller chooses.
struct ChannelStateMachine<Element> {
  /// How a channel ended.
  enum End {
    case finished
    case failed(any Error)
  }

  enum SendAction {
    /// It is in the channel.
    case accepted
    /// Hand it to the waiting receiver.
    case deliver(Delivery<Element>, receiver: Int)
    /// The sender has to wait under its token.
    case wait
    /// The channel has ended; the element goes nowhere.
    case closed
  }

  enum ReceiveAction {
    /// Take it; a sender whose element moved up may go on.
    case take(Delivery<Element>, releasedSender: Int?)
    case wait
    /// There is nothing more.
    case end(End)
  }

  /// Whom to wake when a channel ends.
  struct Wake {
    var receiver: Int?
    var senders: [Int] = []
  }

  let capacity: Int
  let policy: OverflowPolicy
  /// Its first is taken by place: `removeFirst` allocates where the compiler does not know the element.
  private var buffer: [Delivery<Element>] = []
  private var waitingSenders: [(token: Int, element: Element)] = []
  private var waitingReceiver: Int?
  private(set) var end: End?
  /// Elements dropped since the last one that was accepted, to be told with the next delivery.
  private var droppedAtHead = 0
  /// Elements dropped in all.
  private(set) var dropped = 0

  init(capacity: Int, policy: OverflowPolicy) {
    precondition(capacity > 0, "a channel holds at least one element")
    self.capacity = capacity
    self.policy = policy
  }

  /// Elements in the channel now.
  var count: Int { buffer.count }

  mutating func send(_ element: Element, token: Int) -> SendAction {
    if end != nil { return .closed }
    if let receiver = waitingReceiver {
      waitingReceiver = nil
      return .deliver(Delivery(element: element, droppedBefore: takeDropped()), receiver: receiver)
    }
    if buffer.count == capacity {
      switch policy {
      case .suspend:
        waitingSenders.append((token, element))
        return .wait
      case .dropOldest:
        // What was dropped before the victim is now missing before its successor.
        droppedAtHead += buffer.remove(at: 0).droppedBefore + 1
        dropped += 1
      }
    }
    buffer.append(Delivery(element: element, droppedBefore: 0))
    return .accepted
  }

  /// The same without a token: nil, and nothing changed, where the sender would have to wait.
  mutating func sendAtOnce(_ element: Element) -> SendAction? {
    if end == nil && waitingReceiver == nil && buffer.count == capacity && policy == .suspend { return nil }
    // Nobody waits under the token.
    return send(element, token: 0)
  }

  /// The same as `receive` without a token: nil, and nothing changed, where the receiver would have to wait.
  mutating func receiveAtOnce() -> ReceiveAction? {
    buffer.isEmpty && end == nil ? nil : receive(token: 0)
  }

  mutating func receive(token: Int) -> ReceiveAction {
    precondition(waitingReceiver == nil, "a channel has one receiver")
    if buffer.isEmpty {
      if let end { return .end(end) }
      waitingReceiver = token
      return .wait
    }
    var delivery = buffer.remove(at: 0)
    delivery.droppedBefore += takeDropped()
    if waitingSenders.isEmpty { return .take(delivery, releasedSender: nil) }
    let sender = waitingSenders.remove(at: 0)
    buffer.append(Delivery(element: sender.element, droppedBefore: 0))
    return .take(delivery, releasedSender: sender.token)
  }

  /// No more elements will come; those inside, and those of waiting senders, are still delivered.
  mutating func finish(_ how: End = .finished) -> Wake {
    if end != nil { return Wake() }
    end = how
    let senders = waitingSenders.map(\.token)
    buffer += waitingSenders.map { Delivery(element: $0.element, droppedBefore: 0) }
    waitingSenders = []
    defer { waitingReceiver = nil }
    return Wake(receiver: waitingReceiver, senders: senders)
  }

  /// The receiver leaves: everything inside is thrown away and senders learn that the channel has ended.
  mutating func close() -> Wake {
    let senders = waitingSenders.map(\.token)
    buffer = []
    waitingSenders = []
    if end == nil { end = .finished }
    defer { waitingReceiver = nil }
    return Wake(receiver: waitingReceiver, senders: senders)
  }

  /// A sender gives up waiting; whether it still was.
  mutating func cancelSend(token: Int) -> Bool {
    guard let index = waitingSenders.firstIndex(where: { $0.token == token }) else { return false }
    waitingSenders.remove(at: index)
    return true
  }

  /// The receiver gives up waiting; whether it still was.
  mutating func cancelReceive(token: Int) -> Bool {
    if waitingReceiver != token { return false }
    waitingReceiver = nil
    return true
  }

  private mutating func takeDropped() -> Int {
    defer { droppedAtHead = 0 }
    return droppedAtHead
  }
}
