import Glibc
import SocketProtocol

/// The thread of a publisher: the connection belongs to it.
final class BrokerLoop {
  /// The library has to be asked about time so often, milliseconds.
  private static let misc: Int64 = 1_000
  /// For the broker to tell what was announced to it before.
  private static let listening: Int64 = 500
  /// When states are told again after an announcement: who is told of an entity begins to listen to it some time later.
  private static let repetitions: [Int64] = [1_000, 3_000, 6_000, 10_000]
  /// All is told so often though nothing is news, for those who came since.
  private static let refreshing: Int64 = 60_000
  /// For what is still to be sent at the end.
  private static let leaving: Int64 = 1_000

  // It lives for as long as its thread.
  private let publisher: MQTTPublisher
  private let configuration: BrokerConfiguration
  private let topics: HomeTopics
  private var link: BrokerLink
  private var connection: BrokerConnection?
  private var attempts = 0
  private var tokens: [Int32: HeldMessages.Token] = [:]
  /// When devices are announced; nil while nothing asks for it.
  private var announceAt: Int64?
  private var tellAllAt: [Int64] = []
  private var subscribed: Set<String> = []
  private var commands: CommandTable
  /// What the broker has been told of each device, this time or an earlier one.
  private var announced: [String: [String: String]] = [:]
  private var leaveBy: Int64?
  private var farewell: Int32?

  init(_ publisher: MQTTPublisher, topics: HomeTopics) {
    self.publisher = publisher
    self.topics = topics
    configuration = publisher.configuration
    link = BrokerLink(now: publisher.handlers.now())
    commands = CommandTable(
      publisher.shared.withLock(\.layout), topics, takesCommands: publisher.configuration.takesCommands)
  }

  /// Works until the publisher is told to stop.
  func run() {
    while true {
      let now = publisher.handlers.now()
      connectIfDue(now)
      if link.isUp { tell(now) }
      if publisher.shared.withLock(\.isStopping), leave(now) { return }
      wait(now)
    }
  }

  private func connectIfDue(_ now: Int64) {
    switch link.due(now: now) {
    case .nothing: break
    case .giveUp: lose("it does not answer", now)
    case .connect:
      attempts += 1
      do throws(BrokerError) {
        // Every other time in the older way: a name may lead to an address that nobody answers under.
        connection = try BrokerConnection(
          configuration, will: topics.availability, usesIPv4: attempts.isMultiple(of: 2))
      } catch {
        lose(error.reason, now)
      }
    }
  }

  private func wait(_ now: Int64) {
    var due = now + Self.misc
    if let next = link.nextDuty { due = min(due, next) }
    if link.isUp { for time in tellAllAt + [announceAt].compactMap({ $0 }) { due = min(due, time) } }
    if let leaveBy { due = min(due, leaveBy) }
    var polls = [pollfd(fd: publisher.bell, events: Int16(POLLIN), revents: 0)]
    if let connection, let descriptor = connection.descriptor {
      polls.append(
        pollfd(fd: descriptor, events: Int16(POLLIN) | (connection.wantsToWrite ? Int16(POLLOUT) : 0), revents: 0))
    }
    _ = poll(&polls, nfds_t(polls.count), Int32(max(0, due - now)))
    var count: UInt64 = 0
    if polls[0].revents != 0 { _ = read(publisher.bell, &count, 8) }
    guard let connection else { return }
    let ready = polls.count > 1 ? Int32(polls[1].revents) : 0
    let happenings = connection.work(
      canRead: ready & (POLLIN | POLLHUP | POLLERR) != 0, canWrite: ready & POLLOUT != 0)
    for happening in happenings { take(happening, publisher.handlers.now()) }
  }

  private func take(_ happening: BrokerConnection.Happening, _ now: Int64) {
    switch happening {
    case .connected: begin(now)
    case .over(let reason): if connection != nil { lose(reason, now) }
    case .confirmed(let number):
      if number == farewell { leaveBy = now }
      if let token = tokens.removeValue(forKey: number) { publisher.shared.withLock { $0.held.confirm(token) } }
    case .message(let topic, let payload, let isRetained):
      if isRetained, let device = AnnouncedDevice(payload), device.belongs(to: topics) {
        announced[topic] = announced[topic] ?? device.entities
      }
      guard let command = commands.command(topic, payload, isRetained: isRetained) else { break }
      if command == .announce { announceAt = now } else { publisher.handlers.command(command) }
    }
  }

  private func begin(_ now: Int64) {
    link.connected(now: now)
    publisher.shared.withLock {
      $0.isUp = true
      $0.connections += 1
      $0.board.tellAll()
      $0.hasNews = true
    }
    log(false, "broker", [("broker", name), ("state", "connected")])
    subscribed = []
    if let all = topics.allAnnouncements { connection?.subscribe(all) }
    announceAt = now + Self.listening
    _ = connection?.publish(topics.availability, Array("online".utf8), isConfirmed: true, isRetained: true)
  }

  private func lose(_ reason: String, _ now: Int64) {
    connection = nil
    tokens = [:]
    (announceAt, tellAllAt) = (nil, [])
    publisher.shared.withLock {
      $0.isUp = false
      $0.held.disconnect()
      $0.held.expire(now: now)
    }
    let (pause, isNews) = link.failed(reason, now: now)
    if isNews { log(true, "broker is away", [("broker", name), ("reason", reason), ("next", "\(pause) ms")]) }
  }

  private var name: String { "\(configuration.host):\(configuration.port)" }

  private func log(_ isTrouble: Bool, _ message: String, _ fields: [(String, String)]) {
    publisher.handlers.log(isTrouble, message, fields)
  }
}

// What goes to the broker.
extension BrokerLoop {
  private func tell(_ now: Int64) {
    if publisher.shared.withLock({ shared in
      defer { shared.mustAnnounce = false }
      return shared.mustAnnounce
    }) {
      announceAt = min(announceAt ?? now, now)
    }
    if let due = announceAt, now >= due { announce(now) }
    tellHeld()
    if tellAllAt.contains(where: { now >= $0 }) {
      publisher.shared.withLock {
        $0.board.tellAll()
        $0.hasNews = true
      }
      tellAllAt.removeAll { now >= $0 }
    }
    if tellAllAt.isEmpty { tellAllAt = [now + Self.refreshing] }
    tellStates()
  }

  private func tellHeld() {
    while let next = publisher.shared.withLock({ $0.held.take() }) {
      let sending = connection?.publish(
        next.message.topic, next.message.payload, isConfirmed: true, isRetained: false)
      switch sending ?? .away {
      case .sent(let number): tokens[number] = next.token
      case .impossible: publisher.shared.withLock { $0.held.giveUp(next.token) }
      case .away:
        // It goes again with everything else that was not confirmed.
        return
      }
    }
  }

  private func tellStates() {
    let news = publisher.shared.withLock { shared -> [(topic: String, payload: [UInt8])] in
      guard shared.hasNews else { return [] }
      shared.hasNews = false
      return shared.board.news(lost: shared.held.lost)
    }
    for (topic, payload) in news {
      _ = connection?.publish(topic, payload, isConfirmed: false, isRetained: false)
    }
  }

  private func announce(_ now: Int64) {
    announceAt = nil
    let layout = publisher.shared.withLock(\.layout)
    listen(layout)
    let discovery = Discovery(
      layout, topics: topics, takesCommands: configuration.takesCommands, before: announced)
    let announcements = discovery.announcements
    for topic in announced.keys where !announcements.contains(where: { $0.topic == topic }) {
      _ = connection?.publish(topic, [], isConfirmed: true, isRetained: true)
    }
    for announcement in announcements {
      _ = connection?.publish(announcement.topic, announcement.payload, isConfirmed: true, isRetained: true)
    }
    announced = discovery.entities
    publisher.shared.withLock {
      $0.board.tellAll()
      $0.hasNews = true
    }
    tellAllAt = Self.repetitions.map { now + $0 }
  }

  /// Listens to the commands there are now, and no longer to announcements of an earlier time.
  private func listen(_ layout: HomeLayout) {
    if let all = topics.allAnnouncements { connection?.unsubscribe(all) }
    commands = CommandTable(layout, topics, takesCommands: configuration.takesCommands)
    let wanted = Set(commands.subscriptions)
    for topic in subscribed.subtracting(wanted) { connection?.unsubscribe(topic) }
    for topic in wanted.subtracting(subscribed) { connection?.subscribe(topic) }
    subscribed = wanted
  }

  /// Sends what is held and says goodbye; whether the thread may end.
  private func leave(_ now: Int64) -> Bool {
    guard link.isUp, let connection else { return true }
    if leaveBy == nil { leaveBy = now + Self.leaving }
    let isDone = publisher.shared.withLock { $0.held.isEmpty }
    if farewell == nil, isDone || now >= leaveBy ?? now {
      let sending = connection.publish(
        topics.availability, Array("offline".utf8), isConfirmed: true, isRetained: true)
      if case .sent(let number) = sending { farewell = number }
      // Half a second for an answer to that alone.
      leaveBy = now + Self.leaving / 2
      return false
    }
    guard farewell != nil, now >= leaveBy ?? now else { return false }
    connection.disconnect()
    link.end()
    self.connection = nil
    return true
  }
}
