import Foundation
import GanglionClient
import SocketProtocol
import Testing

@testable import Daemon

/// A bare connection that does what it likes.
private final class Savage {
  let descriptor: Int32

  init(_ path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    let address = try #require(UnixAddress(path))
    #expect(address.withPointer { connect(descriptor, $0, $1) } == 0)
  }

  deinit { close(descriptor) }

  /// Reads what there is, a piece at a time, and waits for more no longer than told.
  func read(atMost count: Int, milliseconds: Int32) -> [UInt8] {
    var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    guard Foundation.poll(&poll, 1, milliseconds) > 0 else { return [] }
    var buffer = [UInt8](repeating: 0, count: count)
    return Array(buffer[..<max(0, recv(descriptor, &buffer, count, 0))])
  }

  @discardableResult
  func send(_ bytes: [UInt8]) -> Int {
    bytes.withUnsafeBytes { Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
  }
}

/// Memory this process holds, bytes.
private func residentBytes() -> Int {
  let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ") ?? []
  return fields.count > 1 ? (Int(fields[1]) ?? 0) * 4_096 : 0
}

@Suite(.serialized)
struct HostilePeerTests {
  @Test func aThousandConnectsAndDropsLeaveNothing() throws {
    let server = try TestServer()
    let witness = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    for number in 0..<1_000 {
      let savage = try Savage(server.path)
      if number % 3 == 0 { savage.send(Array("{\"type\":\"subscr".utf8)) }
    }
    #expect(server.wait { $0.accepted == 1_001 && $0.subscribers == 1 })
    server.hub.publish(.detection(recognition()))
    #expect(try witness.messages { $0.sequence == 1 }.count == 1)
  }

  @Test func aLineWithoutEndTakesNoMemory() throws {
    let server = try TestServer()
    let savage = try Savage(server.path)
    let piece = [UInt8](repeating: 0x78, count: 1 << 20)
    savage.send(piece)
    let before = residentBytes()
    for _ in 0..<32 { savage.send(piece) }
    #expect(residentBytes() - before < 16 << 20)
    #expect(server.wait { $0.subscribers == 1 })
  }

  @Test func aFloodOfRubbishThatReadsNoAnswersIsHeldBackAndHarmsNobody() throws {
    let server = try TestServer()
    let savage = try Savage(server.path)
    _ = fcntl(savage.descriptor, F_SETFL, O_NONBLOCK)
    let rubbish = Array(String(repeating: "?\n", count: 32_768).utf8)
    let before = residentBytes()
    // Until the system takes no more, because the server stopped to listen.
    var refusals = 0
    while refusals < 20 {
      if savage.send(rubbish) < 0 {
        refusals += 1
        usleep(5_000)
      }
    }
    #expect(residentBytes() - before < 32 << 20)
    let witness = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    server.hub.publish(.detection(recognition()))
    #expect(try witness.messages { $0.sequence == 1 }.count == 1)
  }

  @Test func whoNeverReadsLosesItsLinesAndThenItsPlaceAndNobodyElseDoes() throws {
    var limits = ProtocolLimits()
    limits.slowMilliseconds = 1_000
    let server = try TestServer(limits: limits)
    let savage = try Savage(server.path)
    let witness = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    // Paced by the witness: everything it is sent it has read before more comes.
    var seen: Int64 = 0
    for _ in 0..<100 {
      for _ in 0..<100 { server.hub.publish(.detection(recognition())) }
      let wanted = server.hub.sequence
      for message in try witness.messages(until: { $0.sequence == wanted }) {
        #expect(message.sequence == seen + 1)
        seen = message.sequence ?? 0
      }
    }
    #expect(seen == 10_000)
    #expect(server.wait { $0.closedSlow == 1 && $0.subscribers == 1 })
    // How many it lost depends on how soon it was sent away.
    #expect((1...10_000).contains(server.server.counters.dropped))
    // When it reads at last it learns how much it missed and why it is alone.
    var left: [UInt8] = []
    while case let piece = savage.read(atMost: 65_536, milliseconds: 10_000), !piece.isEmpty { left += piece }
    let lines = left.split(separator: UInt8(ascii: "\n")).map { Array($0) }
    let messages = try lines.map { try Message(line: $0) }
    #expect(messages.last == .bye(reason: "slow"))
    var told: Int64 = 0
    for message in messages {
      guard let number = message.sequence else { continue }
      if case .dropped(let dropped) = message { told += Int64(dropped.count) } else { told += 1 }
      #expect(told == number)
    }
  }

  @Test func whoReadsSlowlyAndNeverCatchesUpIsNotTakenForDead() throws {
    var limits = ProtocolLimits()
    (limits.pingMilliseconds, limits.silenceMilliseconds) = (100, 1_000)
    (limits.queueMessages, limits.queueBytes) = (65_536, 1 << 26)
    let server = try TestServer(limits: limits)
    let slow = try Savage(server.path)
    let witness = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    // More comes all the time than it takes.
    let begin = monotonicMilliseconds()
    while monotonicMilliseconds() - begin < 2_500 {
      for _ in 0..<200 { server.hub.publish(.detection(recognition())) }
      _ = slow.read(atMost: 4_096, milliseconds: 0)
      let wanted = server.hub.sequence
      _ = try witness.messages { $0.sequence == wanted }
      usleep(20_000)
    }
    #expect(server.server.counters.closedIdle == 0 && server.server.counters.subscribers == 2)
    withExtendedLifetime(slow) {}
  }

  @Test func whoReadsLateIsToldWhatIsMissing() throws {
    var limits = ProtocolLimits()
    limits.queueMessages = 64
    let server = try TestServer(limits: limits)
    let late = try Client(path: server.path, greetingTimeoutMilliseconds: 600_000)
    var published = 0
    while server.server.counters.dropped == 0 {
      for _ in 0..<50 { server.hub.publish(.detection(recognition())) }
      published += 50
      usleep(1_000)
    }
    var told: Int64 = 0
    for message in try late.messages(until: { $0.sequence == Int64(published) }) {
      let number = message.sequence ?? 0
      if case .dropped(let dropped) = message {
        #expect(told + Int64(dropped.count) == number)
      } else {
        #expect(told + 1 == number)
      }
      told = number
    }
    #expect(told == Int64(published))
  }

  @Test func aStoppedPeerIsFoundByPing() throws {
    var limits = ProtocolLimits()
    (limits.pingMilliseconds, limits.silenceMilliseconds) = (100, 600)
    let server = try TestServer(limits: limits)
    let dead = try Savage(server.path)
    #expect(server.wait { $0.closedIdle == 1 && $0.subscribers == 0 })
    withExtendedLifetime(dead) {}
  }
}
