import EventFormats
import Events
import Testing

@testable import TestSupport

/// What stands in messages, in every serialisation and encoding.
@Suite struct BagMessageTests {
  static let packetTopic = MadeTopic(
    name: "/event_camera/events", type: "event_camera_msgs/msg/EventPacket", definition: Definitions.ros2Packet)

  private func mcap(_ packets: [PacketFields], _ form: CDRMessage = CDRMessage()) -> [UInt8] {
    var made = MadeMCAP(packets.map { form.packet($0) })
    made.topics = [Self.packetTopic]
    return made.image()
  }

  @Test(arguments: 0..<9)
  func eventsAreAlignedWhateverStandsInFront(lettersOfFrame: Int) throws {
    let events = tickingEvents(7)
    for (isBigEndian, isVersion2) in [(false, false), (true, false), (false, true), (true, true)] {
      let form = CDRMessage(isBigEndian: isBigEndian, isVersion2: isVersion2)
      // One event alone has none behind it to be aligned for.
      let messages = [events[..<1], events[1..<3], events[3...]].map {
        form.events(Array($0), frame: String(repeating: "f", count: lettersOfFrame))
      }
      let reading = try Reading(MadeMCAP(messages + [form.events([])]).image())
      #expect(reading.batch == batch(events))
      #expect(reading.accounting.violations.isEmpty)
    }
  }

  @Test func fillingMayEndAMessage() throws {
    let events = tickingEvents(5)
    for filling in 0..<4 {
      let message = CDRMessage().events(events) + [UInt8](repeating: 0, count: filling)
      #expect(try Reading(MadeMCAP([message]).image()).batch == batch(events))
    }
    // More behind the events than filling is something that is not known.
    let reading = try Reading(MadeMCAP([CDRMessage().events(events) + [UInt8](repeating: 0, count: 16)]).image())
    #expect(reading.batch.count == 0 && reading.accounting.violations[.corruptPacket]?.count == 1)
  }

  @Test func representationsOtherThanPlainOnesAreRefused() throws {
    var message = CDRMessage().events(tickingEvents(3))
    message[1] = 3
    let error = #expect(throws: EventFormatError.self) { try Reading(MadeMCAP([message]).image()) }
    #expect(error?.code == .unsupported && error?.reason.contains("representation 3") == true)
  }

  @Test func mcapWithMessagesOfROS1IsRead() throws {
    let events = tickingEvents(6)
    var made = MadeMCAP([ROS1Message.events(events)])
    made.topics = [MadeTopic()]
    (made.serialization, made.language) = ("ros1", "ros1msg")
    #expect(try Reading(made.image()).batch == batch(events))
  }

  @Test func theDecoderOfEVT3GoesOnFromPacketToPacket() throws {
    // High time, low time, row; then columns alone, and a vector cut in the middle.
    let words: [[UInt16]] = [
      [0x8001, 0x6005, 0x0007], [0x2805, 0x2006], [0x600a, 0x3010, 0x4003], [0x4001, 0x5080, 0xa101, 0x2009],
    ]
    let packets = words.map { PacketFields(encoding: "evt3", data: $0.flatMap { bytes($0) }, timeBase: 99) }
    let expected: [(time: Int64, x: UInt16, polarity: UInt8)] = [
      (4101, 5, 1), (4101, 6, 0), (4106, 16, 0), (4106, 17, 0), (4106, 28, 0), (4106, 47, 0), (4106, 9, 0),
    ]
    for maximum in [1, 2, 100] {
      let reading = try Reading(mcap(packets), maximum: maximum)
      #expect(reading.batch.times == expected.map(\.time) && reading.batch.x == expected.map(\.x))
      #expect(reading.batch.polarities == expected.map(\.polarity) && reading.batch.y == [7, 7, 7, 7, 7, 7, 7])
      #expect(reading.batch.triggers == [TriggerEvent(timeMicroseconds: 4106, channel: 1, isRising: true)])
      #expect(reading.accounting.violations.isEmpty)
    }
  }

  @Test(arguments: [false, true])
  func wordsOfMonoCountFromTheTimeOfTheirPacket(isBigEndian: Bool) throws {
    func word(_ nanoseconds: UInt64, _ x: UInt64, _ y: UInt64, _ polarity: UInt64) -> [UInt8] {
      let word: UInt64 = (polarity << 63) | (y << 48) | (x << 32) | nanoseconds
      return isBigEndian ? bytes(word).reversed() : bytes(word)
    }
    let packets = [
      PacketFields(
        encoding: "mono", data: word(0, 1, 2, 1) + word(4_294_967_295, 63, 47, 0), timeBase: 1_000_500,
        isBigEndian: isBigEndian),
      PacketFields(encoding: "mono", data: word(1_700, 3, 4, 0), timeBase: 9_000_000_500, isBigEndian: isBigEndian),
    ]
    let reading = try Reading(mcap(packets, CDRMessage(isBigEndian: true)))
    #expect(reading.batch.times == [1000, 4_295_967, 9_000_002])
    #expect(reading.batch.x == [1, 63, 3] && reading.batch.y == [2, 47, 4] && reading.batch.polarities == [1, 0, 0])
  }

  @Test func packetsOfTriggersHoldTriggers() throws {
    let rising: UInt64 = 1 << 63 | 2_000
    let falling: UInt64 = 3 << 48 | 5_000
    // More of them than go out at a time.
    let many = (0..<700).flatMap { bytes(UInt64($0) * 1000) }
    let reading = try Reading(
      mcap([
        PacketFields(encoding: "trigger", data: bytes(rising) + bytes(falling), timeBase: 1_000_000),
        PacketFields(encoding: "trigger", data: many, timeBase: 2_000_000),
      ]))
    #expect(reading.batch.count == 0 && reading.batch.triggers.count == 702)
    #expect(
      reading.batch.triggers.prefix(2) == [
        TriggerEvent(timeMicroseconds: 1002, channel: 0, isRising: true),
        TriggerEvent(timeMicroseconds: 1005, channel: 3, isRising: false),
      ])
    #expect(reading.batch.triggers.last?.timeMicroseconds == 2699)
  }

  @Test func timesOfLibcaerRunOverWithinAPacket() throws {
    func event(_ time: UInt32, _ x: UInt32, _ y: UInt32, _ polarity: UInt32) -> [UInt8] {
      let address: UInt32 = (x << 17) | (y << 2) | (polarity << 1) | 1
      return bytes(address) + bytes(time)
    }
    let data = event(0x7fff_fffe, 5, 6, 1) + event(0x7fff_fffc, 7, 8, 0) + event(3, 9, 10, 1)
    let packets = [
      PacketFields(encoding: "libcaer", data: data, timeBase: 1_000_000_018),
      PacketFields(encoding: "libcaer", data: event(4, 11, 12, 0), timeBase: 2_148_483_648_000_018),
    ]
    let reading = try Reading(mcap(packets))
    // Two microseconds back are no run over; each packet begins anew.
    #expect(reading.batch.times == [2_148_483_646, 2_148_483_644, 2_148_483_651, 2_148_483_648_004])
    #expect(reading.batch.x == [5, 7, 9, 11] && reading.batch.y == [6, 8, 10, 12])
    #expect(reading.batch.polarities == [1, 0, 1, 0])
  }

  @Test func otherEncodingsAreNamedWithTheirPlace() throws {
    let evt3 = PacketFields(encoding: "evt3", data: [0x01, 0x80, 0x00, 0x60, 0x07, 0x00, 0x05, 0x20])
    let other = PacketFields(encoding: "libcaer_cmp", data: [1, 2, 3, 4])
    let error = #expect(throws: EventFormatError.self) { try Reading(mcap([other])) }
    #expect(error?.code == .unsupported && error?.reason.contains("libcaer_cmp") == true)
    // In the middle: what was before is delivered.
    let image = mcap([evt3, other])
    let reading = try Reading(image)
    #expect(reading.batch.count == 1 && reading.error?.code == .unsupported)
    let place = try #require(reading.error?.byteOffset)
    // The place is that of the message's record.
    #expect(image[Int(place)] == 5 && place > 200 && place < image.count)
  }

  @Test func halfAWordAtTheEndOfAPacketIsReported() throws {
    let packet = PacketFields(encoding: "evt3", data: [0x01, 0x80, 0x00, 0x60, 0x07, 0x00, 0x05, 0x20, 0xff])
    let reading = try Reading(mcap([packet]))
    #expect(reading.batch.count == 1 && reading.accounting.violations[.corruptPacket]?.count == 1)
  }

  @Test func messagesMayEachBeCompressed() throws {
    let events = tickingEvents(3000)
    let messages = [events[..<1], events[1..<2000], events[2000...]].map { zstd(CDRMessage().events(Array($0))) }
    for chunks in [MadeMCAP.Chunks.none, .plain, .zstd] {
      var made = MadeMCAP(messages)
      made.chunks = chunks
      for maximum in [7, 100_000] {
        #expect(try Reading(made.image(), pieceSize: 977, maximum: maximum).batch == batch(events))
      }
    }
  }

  @Test func aChunkMayBePackedAsSeveralStreams() throws {
    let events = tickingEvents(3000)
    var made = MadeMCAP([events[..<2000], events[2000...]].map { CDRMessage().events(Array($0)) })
    made.chunks = .zstd
    made.frames = 3
    for pieceSize in [977, Int.max] {
      let reading = try Reading(made.image(), pieceSize: pieceSize)
      #expect(reading.batch == batch(events) && reading.accounting.violations.isEmpty)
    }
  }

  @Test func wholeFilesMayBeCompressed() throws {
    let events = tickingEvents(500)
    for image in [MadeMCAP([CDRMessage().events(events)]).image(), MadeROS1Bag([ROS1Message.events(events)]).image()] {
      #expect(try Reading(zstd(image), pieceSize: 100).batch == batch(events))
      #expect(throws: EventFormatError.self) { try Reading(Array(zstd(image).dropLast(9))) }
    }
  }
}
