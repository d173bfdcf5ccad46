import Events
import Foundation
import Testing

@testable import StreamSources

struct DatagramTests {
  private func little(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  private func big(_ words: [UInt32]) -> [UInt8] {
    words.flatMap { word in (0..<4).reversed().map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
  }

  @Test func wordsWithoutTimesHappenWhenTheyArrive() {
    var decoder = DatagramDecoder()
    let words: [UInt32] = [0x8000_0000 | 300 << 16 | 1 << 15 | 200, 0x8000_0000 | 5 << 16 | 7]
    _ = decoder.decode(little(words)[...], .words, arrivalMicroseconds: 1_000)
    let (events, loss) = decoder.decode(little(words)[...], .words, arrivalMicroseconds: 6_000)
    #expect(loss == nil)
    #expect(events.times == [5_000, 5_000])
    #expect(events.x == [300, 5])
    #expect(events.y == [200, 7])
    #expect(events.polarities == [1, 0])
  }

  @Test func wordsWithTimesCountFromTheFirstAndWrap() {
    var decoder = DatagramDecoder()
    let words: [UInt32] = [1 << 16 | 2, 0xFFFF_FF00, 3 << 16 | 4, 0x0000_0100]
    let (events, _) = decoder.decode(little(words)[...], .words, arrivalMicroseconds: 0)
    #expect(events.times == [0, 512])
    #expect(events.x == [1, 3])
  }

  @Test func timesNeverGoBack() {
    var decoder = DatagramDecoder(beginMicroseconds: 100)
    let words: [UInt32] = [1 << 16, 50, 1 << 16, 90, 1 << 16, 70]
    let (events, _) = decoder.decode(little(words)[...], .words, arrivalMicroseconds: 0)
    #expect(events.times == [100, 140, 140])
  }

  @Test func aPacketOfJAERHasAddressesOfADVS128() {
    var decoder = DatagramDecoder()
    // Address: bit 0 set where it became darker, x mirrored in bits 1-7, y from the bottom in bits 8-14.
    let addresses: [UInt32] = [118 << 8 | 107 << 1, 117 << 8 | 106 << 1 | 1]
    let packet = big([1, addresses[0], 1_000, addresses[1], 1_250])
    let (events, loss) = decoder.decode(packet[...], .jaer, arrivalMicroseconds: 0)
    #expect(loss == nil)
    #expect(events.x == [20, 21])
    #expect(events.y == [9, 10])
    #expect(events.polarities == [1, 0])
    #expect(events.times == [0, 250])
  }

  @Test func aMissingPacketOfJAERIsALoss() {
    var decoder = DatagramDecoder()
    let losses = [1, 2, 4, 5].map { decoder.decode(big([$0, 0, 0])[...], .jaer, arrivalMicroseconds: 0).loss }
    #expect(losses == [nil, nil, .violation, nil])
  }

  @Test func rubbishIsCountedAndHarmsNothing() {
    var decoder = DatagramDecoder()
    #expect(decoder.decode([1, 2, 3][...], .jaer, arrivalMicroseconds: 0).events.count == 0)
    #expect(decoder.decode([1, 2, 3][...], .words, arrivalMicroseconds: 0).events.count == 0)
    #expect(decoder.decode(little([1 << 16])[...], .words, arrivalMicroseconds: 0).events.count == 0)
    #expect(decoder.malformed == 3)
  }

  @Test func datagramsArriveThroughARealSocket() throws {
    let stop = StopSignal()
    var source: DatagramSource?
    var port: UInt16 = 20_000
    while source == nil && port < 20_100 {
      port += 1
      let candidate = DatagramSource(
        host: "127.0.0.1", port: port, format: .words, sensors: [SensorGeometry(width: 34, height: 34)], stop: stop)
      if try candidate.next() == .quiet { source = candidate }
    }
    let open = try #require(source)
    // A second one gets the port as soon as the first has let go of it.
    let late = DatagramSource(
      host: "127.0.0.1", port: port, format: .words, sensors: [SensorGeometry(width: 34, height: 34)], stop: stop)
    guard case .absent(let why) = try late.next() else {
      Issue.record("two listen on one port")
      return
    }
    #expect(why == "udp 127.0.0.1:\(port): cannot be listened on: Address already in use")
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let packet = little([0x8000_0000 | 7 << 16 | 8])
    withUnsafePointer(to: address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        _ = packet.withUnsafeBytes {
          sendto(descriptor, $0.baseAddress, $0.count, 0, pointer, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
    close(descriptor)
    guard case .block(let block) = try open.next() else {
      Issue.record("nothing arrived")
      return
    }
    #expect(block.events.x == [7])
    #expect(block.wallMicroseconds != nil)
    source = nil
    _ = consume open
    #expect(try late.next() == .quiet)
    stop.stop()
    #expect(try late.next() == .end)
  }
}
