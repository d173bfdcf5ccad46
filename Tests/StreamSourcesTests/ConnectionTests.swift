import EventFormats
import Events
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import StreamSources

/// A program that sends to whoever connects: to one after another what it was given.
private final class Sender: Sendable {
  let kind: ByteFeed.Kind
  let address: String
  private let listener: Int32
  private let accepted = Mutex(0)

  /// - Parameters:
  ///   - path: of a Unix socket; nil for a port of this machine.
  ///   - pieces: for each connection; afterwards it is closed. The last is closed at once.
  init(_ path: String?, _ pieces: [[[UInt8]]]) {
    kind = path == nil ? .tcp : .unix
    let descriptor = socket(path == nil ? AF_INET : AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    listener = descriptor
    if let path {
      address = path
      var name = sockaddr_un()
      name.sun_family = sa_family_t(AF_UNIX)
      withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
      Self.bind(descriptor, &name)
    } else {
      var name = sockaddr_in()
      name.sin_family = sa_family_t(AF_INET)
      name.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      Self.bind(descriptor, &name)
      var size = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutablePointer(to: &name) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &size) }
      }
      address = "127.0.0.1:\(UInt16(bigEndian: name.sin_port))"
    }
    listen(descriptor, 8)
    Thread { [self] in
      while true {
        let peer = accept(listener, nil, nil)
        // Closed here, so that nobody else has the number while it is accepted from.
        if peer < 0 {
          close(listener)
          return
        }
        let number = accepted.withLock { count in
          defer { count += 1 }
          return count
        }
        if number < pieces.count {
          for piece in pieces[number] {
            _ = piece.withUnsafeBytes { send(peer, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            usleep(2_000)
          }
        }
        close(peer)
      }
    }.start()
  }

  private static func bind<Name>(_ descriptor: Int32, _ name: inout Name) {
    let result = withUnsafePointer(to: name) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.bind(descriptor, $0, socklen_t(MemoryLayout<Name>.size))
      }
    }
    precondition(result == 0, "no socket to listen on")
  }

  var connections: Int { accepted.withLock { $0 } }

  func leave() { shutdown(listener, Int32(SHUT_RDWR)) }
}

struct ConnectionTests {
  private let path = NSTemporaryDirectory() + "g-\(UUID().uuidString.prefix(8))"
  private let stop = StopSignal()

  init() {
    // What waits for ever where it should not fails instead.
    DispatchQueue.global().asyncAfter(deadline: .now() + 60) { [stop] in stop.stop() }
  }

  /// Events of AEDAT 4 as they come through a socket: without the line at the beginning.
  private func stream(_ times: Range<Int>) throws -> [UInt8] {
    let file = path + ".aedat4"
    defer { unlink(file) }
    var options = EventWritingOptions(format: .aedat4, geometry: SensorGeometry(width: 64, height: 48))
    options.compression = .none
    var writer = try openEventWriter(path: file, options: options)
    var batch = EventBatch()
    for time in times {
      batch.append(
        Event(timeMicroseconds: 1_700_000_000_000_000 + Int64(100 * time), x: UInt16(time % 64), y: 3, polarity: 1))
    }
    try writer.write(batch)
    try writer.finish()
    return Array([UInt8](try Data(contentsOf: URL(fileURLWithPath: file))).dropFirst("#!AER-DAT4.0\r\n".utf8.count))
  }

  private func source(_ sender: Sender) throws -> EventFeedSource {
    EventFeedSource(
      try ByteFeed(sender.kind, path: sender.address, stop: stop), sensors: [SensorGeometry(width: 64, height: 48)])
  }

  /// What comes until there are so many events: their times, and what came besides.
  private func drain(_ source: EventFeedSource, events: Int) throws -> (times: [Int64], others: [String]) {
    var (times, others): ([Int64], [String]) = ([], [])
    while times.count < events {
      switch try source.next() {
      case .block(let block):
        #expect(block.wallMicroseconds != nil && block.camera == SensorGeometry(width: 64, height: 48))
        times += block.events.times
      case .quiet: break
      case .cut: others.append("cut")
      case .lost(let why): others.append("lost: \(why)")
      case .absent(let why): others.append("absent: \(why)")
      case .ready: others.append("ready")
      case .end: return (times, others + ["end"])
      }
    }
    return (times, others)
  }

  @Test(arguments: [false, true])
  func eventsOfOneConnectionAfterAnotherGoOnInStreamTime(isUnix: Bool) throws {
    let (first, second) = (try stream(0..<3_000), try stream(50_000..<50_100))
    let pieces = stride(from: 0, to: first.count, by: 7_001).map { Array(first[$0..<min(first.count, $0 + 7_001)]) }
    let sender = Sender(isUnix ? path : nil, [pieces, [second]])
    defer {
      sender.leave()
      unlink(path)
    }
    let source = try source(sender)
    let (times, others) = try drain(source, events: 3_100)
    // The second connection begins where the first ended.
    var expected: [Int64] = []
    for index in 0..<3_000 { expected.append(Int64(100 * index)) }
    for index in 0..<100 { expected.append(Int64(299_900 + 100 * index)) }
    #expect(times == expected)
    #expect(others == ["cut"])
  }

  @Test func whoDoesNotListenYetIsWaitedFor() throws {
    let source = EventFeedSource(
      try ByteFeed(.unix, path: path, stop: stop), sensors: [SensorGeometry(width: 64, height: 48)])
    #expect(try source.next() == .absent("\(path): cannot be connected to (No such file or directory)"))
    let sender = Sender(path, [[try stream(0..<100)]])
    defer {
      sender.leave()
      unlink(path)
    }
    let (times, others) = try drain(source, events: 100)
    #expect(times.count == 100 && others == [])
  }

  @Test func whatIsNoRecordingIsToldAndTheNextConnectionIsRead() throws {
    let sender = Sender(nil, [[Array(String(repeating: "no events here\n", count: 400).utf8)], [try stream(0..<100)]])
    defer { sender.leave() }
    let (times, others) = try drain(try source(sender), events: 100)
    #expect(times.count == 100)
    #expect(others.count == 1 && others[0].hasPrefix("lost: \(sender.address)"), "\(others)")
  }

  @Test func aConnectionThatIsCutWithinAPacketGivesWhatCameBefore() throws {
    let bytes = try stream(0..<100)
    let sender = Sender(nil, [[bytes + bytes.suffix(500).prefix(300)], [bytes]])
    defer { sender.leave() }
    let (times, _) = try drain(try source(sender), events: 200)
    #expect(times.count == 200)
  }

  @Test func whoHangsUpAtOnceIsNotCalledWithoutEnd() throws {
    let sender = Sender(nil, [])
    defer { sender.leave() }
    let source = try source(sender)
    let start = bootMicroseconds()
    while bootMicroseconds() - start < 1_500_000 { #expect(try source.next() == .cut) }
    // After 0.1, 0.3, 0.7 and 1.5 s.
    #expect((2...6).contains(sender.connections), "\(sender.connections)")
  }

  @Test func waitingForBytesCanBeStopped() throws {
    let sender = Sender(path, [[Array(try stream(0..<100).prefix(20)), []]])
    defer {
      sender.leave()
      unlink(path)
    }
    let source = try source(sender)
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.3) { [stop] in stop.stop() }
    var arrival = try source.next()
    while arrival != .end { arrival = try source.next() }
  }

  @Test func addressesAreNumbersWithAPort() throws {
    for address in ["camera:1", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:1:2"] {
      let source = EventFeedSource(
        try ByteFeed(.tcp, path: address, stop: stop), sensors: [SensorGeometry(width: 64, height: 48)])
      #expect(try source.next() == .absent("\(address): is no numeric address with a port"))
    }
  }
}
