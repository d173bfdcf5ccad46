import CLinux
import Glibc
import SocketProtocol

/// The thread of the socket server: all connections and their sockets belong to it.
final class ServerLoop {
  /// Publications gather so long, at most, before they leave together.
  private static let coalescingMilliseconds: Int64 = 8
  /// Between two looks at peers that do nothing.
  private static let dutyMilliseconds: Int64 = 500
  /// For goodbyes.
  private static let leaveMilliseconds: Int64 = 2_000

  /// Another one once its file was taken away.
  private(set) var listener: UnixListener
  /// Why the path cannot be listened on anew, as it was told last.
  private var unreachable: String?
  private let hub: Hub
  private let name: String
  private let policy: PeerPolicy
  private let maximumSubscribers: Int
  private let handlers: SocketServer.Handlers
  private let poll: Int32
  private var connections: [Int32: Connection] = [:]
  private var nextID = 0
  private var scratch: [UInt8] = []
  private var lastFlush: Int64 = 0
  private var lastDuty: Int64 = 0
  private var isAccepting = true
  private var leaveBy: Int64?
  /// The state of things after the last publication that was passed on.
  private var sequence: Int64 = 0
  private var health: [String: Report.Health] = [:]
  private var lastDetections: [String: (source: String, line: [UInt8])] = [:]
  private var wanted: Set<Topic> = []
  private var count: ((inout SocketServer.Counters) -> Void) -> Void = { _ in }

  init(
    _ listener: UnixListener, hub: Hub, name: String, policy: PeerPolicy, maximumSubscribers: Int,
    handlers: SocketServer.Handlers
  ) {
    self.listener = listener
    self.hub = hub
    self.name = name
    self.policy = policy
    self.maximumSubscribers = maximumSubscribers
    self.handlers = handlers
    poll = epoll_create1(Int32(EPOLL_CLOEXEC))
    precondition(poll >= 0, "no epoll: \(String(cString: strerror(errno)))")
    watch(listener.descriptor, EPOLLIN.rawValue, adding: true)
    watch(hub.bell, EPOLLIN.rawValue, adding: true)
  }

  deinit { Glibc.close(poll) }

  /// Works until the hub is told to stop.
  func run(counting: @escaping ((inout SocketServer.Counters) -> Void) -> Void) {
    count = counting
    var hasPublications = false
    var events = [epoll_event](repeating: epoll_event(), count: 256)
    while true {
      let ready = epoll_wait(poll, &events, Int32(events.count), wait(hasPublications))
      let now = monotonicMilliseconds()
      for event in events[..<Int(max(0, ready))] {
        if event.data.fd == listener.descriptor {
          accept(now)
        } else if event.data.fd != hub.bell, let connection = connections[event.data.fd] {
          serve(connection, event.events, now)
        }
      }
      let harvest = hub.harvest()
      hasPublications = harvest.hasPublications
      for (id, line) in harvest.replies {
        if let connection = connections.values.first(where: { $0.id == id }) {
          connection.subscriber.reply(line)
          flush(connection)
        }
      }
      if hasPublications, now - lastFlush >= Self.coalescingMilliseconds || harvest.isStopping {
        distribute(now)
        hasPublications = false
      }
      if now - lastDuty >= Self.dutyMilliseconds { lookAfterAll(now) }
      if harvest.isStopping, leave(now) { return }
    }
  }

  /// How long to sleep, milliseconds.
  private func wait(_ hasPublications: Bool) -> Int32 {
    let now = monotonicMilliseconds()
    var due = lastDuty + Self.dutyMilliseconds
    if hasPublications { due = min(due, lastFlush + Self.coalescingMilliseconds) }
    if leaveBy != nil { due = min(due, now + 20) }
    return Int32(max(0, min(due - now, Self.dutyMilliseconds)))
  }

  private func watch(_ descriptor: Int32, _ interest: UInt32, adding: Bool = false) {
    var event = epoll_event()
    event.events = interest
    event.data.fd = descriptor
    epoll_ctl(poll, adding ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, descriptor, &event)
  }

  /// Asks the system about a connection what there is to ask.
  private func watch(_ connection: Connection, adding: Bool = false) {
    var interest: UInt32 = 0
    if connection.isListenedTo && connection.subscriber.isHeard { interest |= EPOLLIN.rawValue }
    if connection.awaitsRoom { interest |= EPOLLOUT.rawValue }
    watch(connection.descriptor, interest, adding: adding)
  }

  private func close(_ connection: Connection, _ reason: String) {
    handlers.log(.debug, "subscriber gone", fields(of: connection) + [("reason", reason)])
    // Closing the descriptor takes it out of epoll.
    connections[connection.descriptor] = nil
    count { [connections] in $0.subscribers = connections.count }
  }

  private func fields(of connection: Connection) -> [(String, String)] {
    [
      ("peer", "\(connection.id)"), ("pid", "\(connection.peer.processID)"), ("uid", "\(connection.peer.userID)"),
      ("gid", "\(connection.peer.groupID)"),
    ]
  }
}

// Peers that come, speak and go.
extension ServerLoop {
  private func accept(_ now: Int64) {
    while leaveBy == nil {
      let descriptor = Glibc.accept(listener.descriptor, nil, nil)
      if descriptor < 0 {
        if errno == EINTR || errno == ECONNABORTED { continue }
        if errno != EAGAIN {
          // No descriptors left: not looking for a moment is better than looking without end.
          handlers.log(.warning, "cannot accept", [("error", String(cString: strerror(errno)))])
          watch(listener.descriptor, 0)
          isAccepting = false
        }
        return
      }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
      guard let peer = PeerCredentials(of: descriptor), policy.admits(peer) else {
        refuse(descriptor, .forbidden)
        continue
      }
      guard connections.count < maximumSubscribers else {
        refuse(descriptor, .full)
        continue
      }
      nextID += 1
      let connection = Connection(id: nextID, descriptor: descriptor, peer: peer, limits: hub.limits, now: now)
      connections[descriptor] = connection
      count { [connections] in
        $0.accepted += 1
        $0.subscribers = connections.count
      }
      handlers.log(.debug, "subscriber", fields(of: connection))
      let directory = hub.directory
      connection.subscriber.reply(
        Reply.hello(
          server: name, sources: directory.sources, models: directory.models, longest: hub.limits.messageBytes))
      watch(connection, adding: true)
      flush(connection)
    }
  }

  private func refuse(_ descriptor: Int32, _ reason: Reply.Farewell) {
    let line = Reply.bye(reason)
    _ = line.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
    Glibc.close(descriptor)
    count { $0.refused += 1 }
    handlers.log(.warning, "subscriber refused", [("reason", reason.rawValue)])
  }

  private func serve(_ connection: Connection, _ events: UInt32, _ now: Int64) {
    if events & EPOLLIN.rawValue != 0 {
      var buffer = [UInt8](repeating: 0, count: 4_096)
      let got = read(connection.descriptor, &buffer, buffer.count)
      if got > 0 {
        hear(connection, buffer[..<got], now)
      } else if got == 0 {
        // It says nothing more but may still listen.
        connection.isListenedTo = false
      } else if errno != EAGAIN && errno != EINTR {
        return close(connection, String(cString: strerror(errno)))
      }
    }
    if events & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { return close(connection, "closed by peer") }
    flush(connection)
    catchUp(connection, now)
  }

  /// Hears what a peer said before too many of its answers waited, once they are on their way.
  private func catchUp(_ connection: Connection, _ now: Int64) {
    while connections[connection.descriptor] === connection, !connection.isLeaving, connection.subscriber.hasUnheard,
      connection.subscriber.isHeard
    {
      hear(connection, [], now)
      flush(connection)
    }
  }

  private func hear(_ connection: Connection, _ bytes: ArraySlice<UInt8>, _ now: Int64) {
    let sources = Set(hub.directory.sources.map(\.id))
    connection.subscriber.receive(bytes, sources: sources, now: now) { subscriber, result in
      switch result {
      case .failure(let error): subscriber.reply(Reply.error(error))
      case .success(.subscribe(let id, let filter)):
        subscriber.filter = filter
        handlers.log(.debug, "subscribed", fields(of: connection))
        // Told at once, so that scores begin with the answer; looked at again when peers leave.
        wanted.formUnion(filter.topics)
        hub.setWanted(wanted)
        subscriber.reply(
          Reply.subscribed(
            id: id, sequence: sequence, snapshot: snapshot(for: filter), longest: hub.limits.messageBytes))
      case .success(.reload(let id)):
        guard mayControl(connection, "ask for a reload", id, &subscriber) else { break }
        handlers.reload(answer(to: connection, id))
      case .success(.context(let id, let request)):
        guard mayControl(connection, "change a stream's task", id, &subscriber) else { break }
        handlers.context(request, answer(to: connection, id))
      case .success(.thresholds(let id, let request)):
        guard mayControl(connection, "change a model's thresholds", id, &subscriber) else { break }
        handlers.thresholds(request, answer(to: connection, id))
      case .success: break
      }
    }
  }

  /// Whether a peer may do what concerns all; it is told if not.
  private func mayControl(
    _ connection: Connection, _ deed: String, _ id: Int64?, _ subscriber: inout Subscriber
  ) -> Bool {
    if policy.mayControl(connection.peer) { return true }
    let error = RequestError(.forbidden, "only root and the daemon's own user may \(deed)", id: id)
    subscriber.reply(Reply.error(error))
    return false
  }

  /// Tells a peer, from any thread, how its request ended.
  private func answer(to connection: Connection, _ id: Int64?) -> @Sendable (RequestError?) -> Void {
    let (hub, peer) = (hub, connection.id)
    return { error in
      var error = error
      error?.id = id
      hub.reply(to: peer, error.map(Reply.error) ?? Reply.done(id: id))
    }
  }

  private func snapshot(for filter: Filter) -> Reply.Snapshot {
    func isWanted(_ source: String) -> Bool { filter.sources?.contains(source) ?? true }
    var snapshot = Reply.Snapshot()
    snapshot.health = health.values.filter { isWanted($0.source) }.sorted { $0.source < $1.source }
    snapshot.detections = lastDetections.sorted { $0.key < $1.key }.map(\.value).filter { isWanted($0.source) }
      .map(\.line)
    return snapshot
  }
}

// What goes to them.
extension ServerLoop {
  /// Passes on everything that was published.
  private func distribute(_ now: Int64) {
    lastFlush = now
    let everybody = Array(connections.values)
    var before = 0
    var after = 0
    for connection in everybody { before += connection.subscriber.queue.dropped }
    hub.drain(
      publication: { publication in
        sequence = publication.sequence
        remember(publication)
        for connection in everybody where !connection.isLeaving { connection.subscriber.offer(publication, now: now) }
      },
      hole: { last, missing in
        sequence = last
        for connection in everybody where !connection.isLeaving {
          connection.subscriber.offer(holeUpTo: last, count: missing, now: now)
        }
      })
    for connection in everybody {
      after += connection.subscriber.queue.dropped
      if !connection.awaitsRoom { flush(connection) }
    }
    if after > before { count { $0.dropped += after - before } }
  }

  private func remember(_ publication: Publication) {
    guard let source = publication.source else { return }
    switch publication.topic {
    case .detection:
      lastDetections[publication.stream] = (source, publication.bytes.dropLast())
    case .health:
      if let state = publication.healthState { health[source] = Report.Health(source: source, state: state) }
    default: break
    }
  }

  private func flush(_ connection: Connection) {
    var sent = 0
    let wasHeard = connection.subscriber.isHeard
    let progress = connection.flush(scratch: &scratch) { sent += $0 }
    if sent > 0 { count { $0.sentBytes += sent } }
    switch progress {
    case .gone: close(connection, "closed by peer")
    case .done where connection.isLeaving: close(connection, "said goodbye")
    case .done, .full:
      let awaits = progress == .full
      if awaits != connection.awaitsRoom || !connection.isListenedTo || !wasHeard || !connection.subscriber.isHeard {
        connection.awaitsRoom = awaits
        watch(connection)
      }
    }
  }

  /// Pings, finds the dead and the slow, and forgets sources that are gone.
  private func lookAfterAll(_ now: Int64) {
    lastDuty = now
    var cpu = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu)
    let queued = connections.values.reduce(0) { $0 + $1.subscriber.queue.bytes }
    count {
      $0.cpuMicroseconds = Int64(cpu.tv_sec) * 1_000_000 + Int64(cpu.tv_nsec) / 1_000
      $0.queuedBytes = queued
    }
    if !listener.isReachable { listenAnew() }
    if !isAccepting {
      isAccepting = true
      watch(listener.descriptor, EPOLLIN.rawValue)
    }
    for connection in Array(connections.values) where !connection.isLeaving {
      catchUp(connection, now)
      switch connection.duty(now: now) {
      case .nothing: continue
      case .ping: flush(connection)
      case .close(let reason):
        count { $0.add(reason) }
        handlers.log(.warning, "subscriber sent away", fields(of: connection) + [("reason", reason.rawValue)])
        connection.dismiss(reason)
        flush(connection)
        if connections[connection.descriptor] === connection { close(connection, reason.rawValue) }
      }
    }
    wanted = connections.values.reduce(into: []) { $0.formUnion($1.subscriber.filter.topics) }
    hub.setWanted(wanted)
    let known = Set(hub.directory.sources.map(\.id))
    if !known.isEmpty {
      health = health.filter { known.contains($0.key) }
      lastDetections = lastDetections.filter { known.contains($0.value.source) }
    }
  }

  /// Somebody has taken the socket file away: those who are connected stay, but nobody else could come.
  private func listenAnew() {
    do throws(ListenerError) {
      let fresh = try listener.renewed()
      epoll_ctl(poll, EPOLL_CTL_DEL, listener.descriptor, nil)
      watch(fresh.descriptor, EPOLLIN.rawValue, adding: true)
      listener = fresh
      isAccepting = true
      unreachable = nil
      handlers.log(.warning, "socket bound anew", [("socket", fresh.path), ("reason", "its file was gone")])
    } catch {
      if unreachable != error.reason {
        handlers.log(.error, "socket is gone", [("socket", error.path), ("error", error.reason)])
      }
      unreachable = error.reason
    }
  }

  /// Says goodbye to everybody; whether the thread may end.
  private func leave(_ now: Int64) -> Bool {
    if leaveBy == nil {
      leaveBy = now + Self.leaveMilliseconds
      for connection in Array(connections.values) where !connection.isLeaving {
        connection.subscriber.reply(Reply.bye(.shutdown))
        connection.isLeaving = true
        flush(connection)
      }
    }
    guard connections.isEmpty || now >= leaveBy ?? now else { return false }
    connections = [:]
    count { $0.subscribers = 0 }
    return true
  }
}

extension SocketServer.Counters {
  fileprivate mutating func add(_ reason: Reply.Farewell) {
    if reason == .slow { closedSlow += 1 } else { closedIdle += 1 }
  }
}

/// Milliseconds of the clock that never goes back.
package func monotonicMilliseconds() -> Int64 { monotonicMicroseconds() / 1_000 }

/// Microseconds of the clock that never goes back.
package func monotonicMicroseconds() -> Int64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
}
