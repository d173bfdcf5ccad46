import CLinux
import Glibc
import StreamSources
import Synchronization

/// Takes the sound of satellites to the sources that want it.
package final class SatelliteFeeds: Sendable {
  private let feeds = Mutex<[SatelliteFeed]>([])

  package init() {}

  /// - Parameter block: nil where the satellite's sound ends.
  package func heard(_ address: String, _ connection: Int, _ block: SoundBlock?) {
    for feed in feeds.withLock({ $0 }) { feed.heard(address, connection, block) }
  }

  func attach(_ feed: SatelliteFeed) { feeds.withLock { $0.append(feed) } }

  func detach(_ feed: SatelliteFeed) { feeds.withLock { feeds in feeds.removeAll { $0 === feed } } }
}

/// What has come for one source and waits for it.
final class SatelliteFeed: Sendable {
  enum Item: Sendable {
    case block(SoundBlock)
    case end
  }

  private struct State: Sendable {
    var items: [Item] = []
    /// The connection that is heard now: of several, the others are left out until it ends.
    var speaker: Int?
    var isLossy = false
  }

  /// Blocks that may wait: seconds of sound. Satellites do not wait.
  private static let most = 256

  private let address: String?
  private let state = Mutex(State())
  let bell: Int32

  init(address: String?) {
    self.address = address
    bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
    precondition(bell >= 0, "no event descriptor: \(String(cString: strerror(errno)))")
  }

  deinit { close(bell) }

  func heard(_ address: String, _ connection: Int, _ block: SoundBlock?) {
    guard self.address == nil || self.address == address else { return }
    state.withLock { state in
      guard state.speaker == nil || state.speaker == connection else { return }
      guard var block else {
        if state.speaker != nil { state.items.append(.end) }
        state.speaker = nil
        return
      }
      state.speaker = connection
      if state.items.count >= Self.most {
        state.isLossy = true
        return
      }
      if state.isLossy { (block.loss, state.isLossy) = (.overload, false) }
      state.items.append(.block(block))
    }
    var one: UInt64 = 1
    _ = write(bell, &one, 8)
  }

  func take() -> Item? { state.withLock { $0.items.isEmpty ? nil : $0.items.removeFirst() } }
}

/// The sound of a satellite as a source of its own: one after another, with stream time that goes on.
package final class SatelliteSource: StreamSource {
  private static let quietMilliseconds: Int32 = 100

  private let feeds: SatelliteFeeds
  private let feed: SatelliteFeed
  private let stop: StopSignal
  /// Stream time at which the satellite's sound begins, and where it has come to.
  private var originMicroseconds: Int64
  private var endMicroseconds: Int64

  /// - Parameters:
  ///   - address: of the satellite, in numbers; nil for whichever comes.
  ///   - originMicroseconds: stream time of the first sample.
  package init(of address: String?, from feeds: SatelliteFeeds, stop: StopSignal, originMicroseconds: Int64 = 0) {
    self.feeds = feeds
    self.stop = stop
    self.originMicroseconds = originMicroseconds
    endMicroseconds = originMicroseconds
    feed = SatelliteFeed(address: address)
    feeds.attach(feed)
  }

  deinit { feeds.detach(feed) }

  package func next() throws -> Arrival<SoundBlock> {
    while true {
      if let item = feed.take() { return arrival(item) }
      switch stop.wait(for: feed.bell, milliseconds: Self.quietMilliseconds) {
      case .stopped: return .end
      case .timeout: return .quiet
      case .ready:
        var count: UInt64 = 0
        _ = read(feed.bell, &count, 8)
      }
    }
  }

  private func arrival(_ item: SatelliteFeed.Item) -> Arrival<SoundBlock> {
    guard case .block(var block) = item else {
      originMicroseconds = endMicroseconds
      return .cut
    }
    // A stream that began anew without an end: another format, or another word to listen for.
    if block.startSample == 0 { originMicroseconds = endMicroseconds }
    block.originMicroseconds = originMicroseconds
    block.wallMicroseconds = wallMicroseconds()
    endMicroseconds = block.endMicroseconds
    return .block(block)
  }
}
