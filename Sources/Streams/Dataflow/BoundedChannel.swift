import Synchronization

/// Carries elements from senders to one receiver, in order, holding no more than `capacity`.
///
/// Whatever can be done at once is done without suspending, and without an allocation. Continuations are unsafe ones,
/// which cost none either: each is kept under its token, and whoever takes it out of the storage resumes it, once.
///
/// Ending with an error lets the receiver take what is inside and then throws it there; `close` by the receiver makes
/// every later `send` return false. Cancelling a waiting task throws `CancellationError` in it.
public final class BoundedChannel<Element: Sendable>: Sendable {
  private let storage: Mutex<Storage>
  /// Called by whoever is about to wait, after it was found that nobody has cancelled it: what a test puts in here comes
  /// at the worst of all moments.
  private let aboutToWait: (@Sendable () -> Void)?

  private struct Storage {
    var machine: ChannelStateMachine<Element>
    var nextToken = 0
    var receivers: [Int: UnsafeContinuation<Delivery<Element>?, any Error>] = [:]
    var senders: [Int: UnsafeContinuation<Bool, any Error>] = [:]

    mutating func makeToken() -> Int {
      nextToken += 1
      return nextToken
    }

    /// Takes out the continuations of those who are to be woken.
    mutating func waiting(
      _ wake: ChannelStateMachine<Element>.Wake
    ) -> (UnsafeContinuation<Delivery<Element>?, any Error>?, [UnsafeContinuation<Bool, any Error>]) {
      (
        wake.receiver.flatMap { receivers.removeValue(forKey: $0) },
        wake.senders.compactMap { senders.removeValue(forKey: $0) }
      )
    }
  }

  public convenience init(capacity: Int, policy: OverflowPolicy = .suspend) {
    self.init(capacity: capacity, policy: policy, aboutToWait: nil)
  }

  init(capacity: Int, policy: OverflowPolicy, aboutToWait: (@Sendable () -> Void)?) {
    self.aboutToWait = aboutToWait
    storage = Mutex(Storage(machine: ChannelStateMachine(capacity: capacity, policy: policy)))
  }

  /// Elements inside now.
  public var count: Int { storage.withLock { $0.machine.count } }
  /// Elements dropped since the beginning.
  public var dropped: Int { storage.withLock { $0.machine.dropped } }

  /// Passes an element on, waiting for room if that is the policy; false when nobody will receive it any more.
  @discardableResult
  public func send(_ element: Element, isolation: isolated (any Actor)? = #isolation) async throws -> Bool {
    try Task.checkCancellation()
    if let isTaken = sendAtOnce(element) { return isTaken }
    let token = storage.withLock { $0.makeToken() }
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        deposit(element, token: token, continuation)
      }
    } onCancel: {
      let waiting = storage.withLock { storage in
        storage.machine.cancelSend(token: token) ? storage.senders.removeValue(forKey: token) : nil
      }
      waiting?.resume(throwing: CancellationError())
    }
  }

  /// The next element with the number dropped before it; nil at the end.
  public func receive(isolation: isolated (any Actor)? = #isolation) async throws -> Delivery<Element>? {
    try Task.checkCancellation()
    if let delivery = try receiveAtOnce() { return delivery }
    let token = storage.withLock { $0.makeToken() }
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        collect(token: token, continuation)
      }
    } onCancel: {
      let waiting = storage.withLock { storage in
        storage.machine.cancelReceive(token: token) ? storage.receivers.removeValue(forKey: token) : nil
      }
      waiting?.resume(throwing: CancellationError())
    }
  }

  /// Ends the channel; what is inside is still delivered.
  public func finish() { end(.finished) }

  /// Ends the channel with an error that the receiver gets after what is inside.
  public func fail(_ error: any Error) { end(.failed(error)) }

  /// The receiver wants nothing more.
  public func close() {
    let (receiver, senders) = storage.withLock { storage in
      let wake = storage.machine.close()
      return storage.waiting(wake)
    }
    receiver?.resume(returning: nil)
    for sender in senders { sender.resume(returning: false) }
  }

  /// Whether somebody takes or will take the element; nil where the sender has to wait.
  private func sendAtOnce(_ element: Element) -> Bool? {
    let (action, waiting) = storage.withLock { storage in
      let action = storage.machine.sendAtOnce(element)
      if case .deliver(_, let receiver) = action { return (action, storage.receivers.removeValue(forKey: receiver)) }
      return (action, nil)
    }
    switch action {
    case .accepted: return true
    case .closed: return false
    case .deliver(let delivery, _):
      waiting?.resume(returning: delivery)
      return true
    case .wait, nil: return nil
    }
  }

  /// What can be had at once: a delivery, nil for the end; nil within nil where the receiver has to wait.
  private func receiveAtOnce() throws -> Delivery<Element>?? {
    let (action, released) = storage.withLock { storage in
      let action = storage.machine.receiveAtOnce()
      if case .take(_, let sender?) = action { return (action, storage.senders.removeValue(forKey: sender)) }
      return (action, nil)
    }
    switch action {
    case .take(let delivery, _):
      released?.resume(returning: true)
      return delivery
    case .end(.finished): return .some(nil)
    case .end(.failed(let error)): throw error
    case .wait, nil: return nil
    }
  }

  private func deposit(_ element: Element, token: Int, _ continuation: UnsafeContinuation<Bool, any Error>) {
    if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
    aboutToWait?()
    let resume: (() -> Void)? = storage.withLock { storage in
      switch storage.machine.send(element, token: token) {
      case .accepted: return { continuation.resume(returning: true) }
      case .closed: return { continuation.resume(returning: false) }
      case .wait:
        storage.senders[token] = continuation
        return nil
      case .deliver(let delivery, let receiver):
        let waiting = storage.receivers.removeValue(forKey: receiver)
        return {
          waiting?.resume(returning: delivery)
          continuation.resume(returning: true)
        }
      }
    }
    resume?()
    withdrawIfCancelled(token)
  }

  private func collect(token: Int, _ continuation: UnsafeContinuation<Delivery<Element>?, any Error>) {
    if Task.isCancelled { return continuation.resume(throwing: CancellationError()) }
    aboutToWait?()
    let resume: (() -> Void)? = storage.withLock { storage in
      switch storage.machine.receive(token: token) {
      case .wait:
        storage.receivers[token] = continuation
        return nil
      case .take(let delivery, let sender):
        let released = sender.flatMap { storage.senders.removeValue(forKey: $0) }
        return {
          released?.resume(returning: true)
          continuation.resume(returning: delivery)
        }
      case .end(.finished): return { continuation.resume(returning: nil) }
      case .end(.failed(let error)): return { continuation.resume(throwing: error) }
      }
    }
    resume?()
    withdrawIfCancelled(token)
  }

  /// The handler may have run before the continuation was stored; then nobody else would ever resume it.
  private func withdrawIfCancelled(_ token: Int) {
    guard Task.isCancelled else { return }
    let (receiver, sender) = storage.withLock { storage in
      (
        storage.machine.cancelReceive(token: token) ? storage.receivers.removeValue(forKey: token) : nil,
        storage.machine.cancelSend(token: token) ? storage.senders.removeValue(forKey: token) : nil
      )
    }
    receiver?.resume(throwing: CancellationError())
    sender?.resume(throwing: CancellationError())
  }

  private func end(_ how: ChannelStateMachine<Element>.End) {
    let (receiver, senders) = storage.withLock { storage in
      let wake = storage.machine.finish(how)
      return storage.waiting(wake)
    }
    switch how {
    case .finished: receiver?.resume(returning: nil)
    case .failed(let error): receiver?.resume(throwing: error)
    }
    for sender in senders { sender.resume(returning: true) }
  }
}
