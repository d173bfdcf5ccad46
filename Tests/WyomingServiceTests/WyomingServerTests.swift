import Foundation
import Glibc
import SocketProtocol
import StreamSources
import Synchronization
import Testing

@testable import WyomingService

/// A service on a port of its own, with a clock that can be put forward.
private final class Rig: Sendable {
  let server: WyomingServer
  let feeds = SatelliteFeeds()
  private let listener: NetworkListener
  let port: UInt16

  init(most: Int = 4) throws {
    listener = try NetworkListener("wyoming", host: "127.0.0.1", port: 0)
    let descriptor = listener.descriptor
    var address = sockaddr_in()
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    _ = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &size) }
    }
    port = UInt16(bigEndian: address.sin_port)
    let box = Skew()
    skew = box
    server = WyomingServer(
      [listener.descriptor], words: words, program: "ganglion/test", most: most,
      handlers: .init(
        log: { _, _, _ in }, heard: { [feeds] in feeds.heard($0, $1, $2) },
        now: {
          var time = timespec()
          clock_gettime(CLOCK_MONOTONIC, &time)
          return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000 + box.value.withLock { $0 }
        }))
  }

  private let skew: Skew

  private final class Skew: Sendable { let value = Mutex<Int64>(0) }

  func putForward(seconds: Int64) { skew.value.withLock { $0 += seconds * 1_000_000 } }

  func waits(until isSo: (WyomingServer.Counters) -> Bool) -> Bool {
    for _ in 0..<2_000 {
      if isSo(server.counters) { return true }
      usleep(5_000)
    }
    return false
  }
}

/// A satellite.
private final class Satellite {
  let descriptor: Int32

  /// - Parameter patience: seconds that it waits for the service.
  init(_ port: UInt16, patience: Int = 20) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var limit = timeval(tv_sec: patience, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let address = try #require(ListeningAddress.socketAddress("127.0.0.1", port))
    let code = address.withUnsafeBytes { bytes in
      connect(descriptor, bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
    #expect(code == 0)
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if count <= 0 { return }
      rest = rest.dropFirst(count)
    }
  }

  /// What comes until so many answers are there, or the service closes.
  func hears(_ count: Int) throws -> [Said] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while try Said.read(bytes).count < count {
      let got = recv(descriptor, &buffer, buffer.count, 0)
      if got <= 0 { break }
      bytes += buffer[..<got]
    }
    return try Said.read(bytes)
  }

  /// Whether the service has closed the connection.
  func isSentAway() -> Bool {
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while true {
      let got = recv(descriptor, &buffer, buffer.count, 0)
      if got <= 0 { return got == 0 || errno == ECONNRESET }
    }
  }
}

@Suite(.serialized)
struct WyomingServerTests {
  @Test func severalSatellitesAreServedAtOnce() throws {
    let rig = try Rig()
    let satellites = try (0..<3).map { _ in try Satellite(rig.port) }
    let names = ["computer-0fdd491c", "jarvis-35bd060d", "sentence"]
    let sounds = try names.map { stream(try sound($0)) }
    let longest = sounds.map(\.count).max() ?? 0
    for begin in stride(from: 0, to: longest, by: 9_000) {
      for (satellite, bytes) in zip(satellites, sounds) where begin < bytes.count {
        satellite.send(Array(bytes[begin..<min(bytes.count, begin + 9_000)]))
      }
    }
    #expect(try satellites[0].hears(1).first?.data["name"] == "computer")
    #expect(try satellites[1].hears(1).first?.data["name"] == "jarvis")
    #expect(try satellites[2].hears(1) == [Said("not-detected")])
    #expect(rig.server.counters.detections == 2)
    rig.server.stop()
    #expect(satellites[0].isSentAway())
    #expect(rig.server.counters.satellites == 0)
  }

  @Test func whoCannotBeUnderstoodIsToldAndSentAwayAndNobodyElseIs() throws {
    let rig = try Rig()
    let good = try Satellite(rig.port)
    for bytes in ["GET / HTTP/1.1\r\n\r\n", #"{"type":"audio-chunk","payload_length":999999999999}"# + "\n"] {
      let bad = try Satellite(rig.port)
      bad.send(Array(bytes.utf8))
      #expect(try bad.hears(1).first?.type == "error")
      #expect(bad.isSentAway())
    }
    let odd = try Satellite(rig.port)
    odd.send(event("audio-chunk", format, [1, 2, 3]))
    #expect(try odd.hears(1).first?.data["code"] == "bad-audio")
    #expect(odd.isSentAway())
    good.send(event("ping", #"{"text":"still here"}"#))
    #expect(try good.hears(1) == [Said("pong", ["text": "still here"])])
    #expect(rig.waits { $0.sentAway == 3 && $0.satellites == 1 })
    rig.server.stop()
  }

  @Test func anEventThatIsNeverCompleteEndsTheConnection() throws {
    let rig = try Rig()
    // Less than the service's own, by the clock that is not put forward.
    let slow = try Satellite(rig.port, patience: 6)
    slow.send(Array(#"{"type":"pi"#.utf8))
    #expect(rig.waits { $0.satellites == 1 })
    usleep(100_000)
    rig.putForward(seconds: 11)
    // One more byte does not begin the time anew.
    slow.send([UInt8(ascii: "n")])
    #expect(slow.isSentAway())
    #expect(rig.waits { $0.sentAway == 1 })
    rig.server.stop()
  }

  @Test func whereThereIsNoPlaceWhoHasBeenQuietLongestMakesRoom() throws {
    let rig = try Rig(most: 2)
    let quiet = try Satellite(rig.port)
    let lively = try Satellite(rig.port)
    #expect(rig.waits { $0.satellites == 2 })
    let third = try Satellite(rig.port)
    #expect(third.isSentAway())
    #expect(rig.waits { $0.refused == 1 })
    rig.putForward(seconds: 61)
    lively.send(event("ping"))
    #expect(try lively.hears(1) == [Said("pong")])
    let fourth = try Satellite(rig.port)
    fourth.send(event("ping"))
    #expect(try fourth.hears(1) == [Said("pong")])
    #expect(quiet.isSentAway())
    lively.send(event("ping"))
    #expect(try lively.hears(1) == [Said("pong")])
    rig.server.stop()
  }

  @Test func theSoundOfASatelliteIsASourceOfItsOwn() throws {
    let rig = try Rig()
    let stop = StopSignal()
    let source = SatelliteSource(of: "127.0.0.1", from: rig.feeds, stop: stop, originMicroseconds: 1_000)
    let other = SatelliteSource(of: "192.0.2.1", from: rig.feeds, stop: stop)
    let satellite = try Satellite(rig.port)
    let sound = [UInt8](repeating: 1, count: 3_200)
    satellite.send(stream(sound) + stream(sound))
    #expect(try satellite.hears(2) == [Said("not-detected"), Said("not-detected")])
    var arrivals: [Arrival<SoundBlock>] = []
    while arrivals.count(where: { $0 == .cut }) < 2 {
      let arrival = try source.next()
      if arrival != .quiet { arrivals.append(arrival) }
    }
    let blocks = arrivals.compactMap { if case .block(let block) = $0 { block } else { nil } }
    #expect(blocks.map(\.count) == [1_024, 576, 1_024, 576])
    #expect(blocks.map(\.startMicroseconds) == [1_000, 65_000, 101_000, 165_000])
    #expect(blocks.allSatisfy { $0.loss == nil && $0.wallMicroseconds != nil })
    #expect(try other.next() == .quiet)
    rig.server.stop()
    stop.stop()
    #expect(try source.next() == .end)
  }

  @Test(arguments: [
    ("127.0.0.1:10400", "127.0.0.1:10400", true), ("0.0.0.0:1", "0.0.0.0:1", false),
    ("[::1]:10400", "[::1]:10400", true),
    ("[::]:10400", "[::]:10400", false),
  ]) func addressesAreUnderstood(text: String, description: String, isLocal: Bool) {
    #expect(ListeningAddress(text)?.description == description)
    #expect(ListeningAddress(text)?.isLocal == isLocal)
  }

  @Test(arguments: [
    "", "10400", "localhost:10400", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:x", "::1:x",
  ])
  func whatIsNoAddressIsNone(text: String) { #expect(ListeningAddress(text) == nil) }
}
