import EventFormats
import Events
import Testing

@testable import TestSupport

/// Bags that were cut, not closed, damaged, or made to hurt.
@Suite struct BagDamageTests {
  static let events = tickingEvents(60)
  private static var parts: [[Event]] { [Array(events[..<20]), Array(events[20..<40]), Array(events[40...])] }

  static var ros1: MadeROS1Bag {
    MadeROS1Bag(chunks: parts.map { [(0, ROS1Message.events($0))] })
  }

  private static func mcap(_ chunks: MadeMCAP.Chunks) -> MadeMCAP {
    var made = MadeMCAP(parts.map { CDRMessage().events($0) })
    made.chunks = chunks
    return made
  }

  private static let images: [[UInt8]] = [
    ros1.image(), mcap(.none).image(), mcap(.plain).image(), mcap(.zstd).image(),
  ]

  @Test(arguments: images.indices)
  func aCutAnywhereGivesTheEventsBeforeItAndIsNamed(index: Int) throws {
    let image = Self.images[index]
    var longest = 0
    // Of the filling of a bag's header a few places do.
    for length in 9..<image.count where length > 4105 || index > 0 || length % 97 == 0 {
      do {
        let reading = try Reading(Array(image[..<length]))
        #expect(reading.batch == batch(Array(Self.events[..<reading.batch.count])), "cut at \(length)")
        let found = reading.accounting.violations
        #expect(found[.truncatedTail]?.count == 1 && found.count == 1, "cut at \(length)")
        #expect(found[.truncatedTail].map { (0...Int64(length)).contains($0.firstByteOffset ?? -1) } == true)
        longest = max(longest, reading.batch.count)
      } catch let error as EventFormatError {
        // Before the first message there is nothing to read.
        #expect(error.byteOffset != nil && longest == 0, "cut at \(length): \(error)")
      }
    }
    #expect(longest == Self.events.count)
    #expect(try Reading(image).accounting.violations.isEmpty)
  }

  @Test func aBagThatWasNotClosedIsReadFromTheFront() throws {
    var bag = Self.ros1
    bag.isClosed = false
    var open = Self.mcap(.plain)
    open.isClosed = false
    for image in [bag.image(), open.image()] {
      let reading = try Reading(image)
      #expect(reading.batch == batch(Self.events))
      #expect(reading.accounting.violations == [.truncatedTail: .init(count: 1, firstByteOffset: Int64(image.count))])
      var options = EventReadingOptions()
      options.strictness = .stop
      let stopped = try Reading(image, options: options)
      #expect(stopped.batch == batch(Self.events) && stopped.error?.byteOffset == Int64(image.count))
    }
    var bare = Self.mcap(.zstd)
    bare.hasSummary = false
    let whole = try Reading(bare.image())
    #expect(whole.batch == batch(Self.events) && whole.accounting.violations.isEmpty)
  }

  @Test func whatComesLiveIsDeliveredBeforeTheNextIsThere() throws {
    let image = Self.ros1.image()
    // The first chunk ends where the second begins.
    let second = try #require(
      image.indices.first { start in
        start > 5000 && image[start...].starts(with: block(Array("op=".utf8) + [5]))
      })
    let source = HesitatingSource(image, pause: second - 4)
    var options = EventReadingOptions()
    options.isLive = true
    var reader = try openEventReader(source: source, options: options)
    var part = EventBatch()
    #expect(try reader.read(into: &part, maximum: 100))
    #expect(part == batch(Self.parts[0]) && !source.hasPassedPause)
  }

  @Test func aDamagedChunkIsLeftOut() throws {
    var image = Self.mcap(.zstd).image()
    let frames = image.indices.filter { image[$0...].starts(with: [0x28, 0xb5, 0x2f, 0xfd]) }
    #expect(frames.count == 3)
    for index in frames[1] + 5..<frames[1] + 60 { image[index] = 0xff }
    let reading = try Reading(image)
    #expect(reading.batch == batch(Self.parts[0] + Self.parts[2]))
    let found = try #require(reading.accounting.violations[.corruptPacket])
    let place = try #require(found.firstByteOffset)
    #expect(found.count == 1 && place > Int64(frames[0]) && place < Int64(frames[1]))
    var options = EventReadingOptions()
    options.strictness = .stop
    let stopped = try Reading(image, options: options)
    #expect(stopped.batch == batch(Self.parts[0]) && stopped.error?.byteOffset == found.firstByteOffset)
  }

  @Test func countsAndLengthsBeyondTheFileAreReported() throws {
    var long = ROS1Message.events(Self.parts[1])
    // The number of events stands in front of the first.
    let place = long.count - 13 * 20 - 4
    for value in [21, 1 << 20, UInt32.max] {
      long.replaceSubrange(place..<place + 4, with: bytes(value))
      let messages = [ROS1Message.events(Self.parts[0]), long, ROS1Message.events(Self.parts[2])]
      let reading = try Reading(MadeROS1Bag(messages).image())
      #expect(reading.batch == batch(Self.parts[0] + Self.parts[2]))
      #expect(reading.accounting.violations[.corruptPacket]?.count == 1)
    }
    // A record that says it is longer than the file.
    for size in [UInt64(1) << 20, 1 << 40, UInt64.max] {
      var image = Array(Self.mcap(.none).image().dropLast(200))
      image += [5] + bytes(size) + [1, 0]
      #expect(try Reading(image).batch.count >= 20)
    }
    for size in [UInt32(1) << 16, 1 << 24, UInt32.max] {
      var image = Array(Self.ros1.image()[..<4109])
      image += bytes(size) + [1, 2, 3, 4, 5, 6, 7, 8]
      #expect(throws: EventFormatError.self) { try Reading(image) }
    }
  }

  @Test func aChunkThatUnpacksToMoreThanItSaysIsLeftOut() throws {
    var image = Self.mcap(.zstd).image()
    let frames = image.indices.filter { image[$0...].starts(with: [0x28, 0xb5, 0x2f, 0xfd]) }
    // The size stands in front of a checksum, the name of the compression, and the size as stored.
    image.replaceSubrange(frames[1] - 28..<frames[1] - 20, with: bytes(UInt64(100)))
    let reading = try Reading(image)
    #expect(reading.batch == batch(Self.parts[0] + Self.parts[2]))
    #expect(reading.accounting.violations[.corruptPacket]?.count == 1)
  }

  @Test func compressionsThatAreNotKnownAreNamed() throws {
    let image = Array(Self.ros1.image()[..<4109]) + MadeROS1Bag.chunk([1, 2, 3], compression: "zip")
    let error = #expect(throws: EventFormatError.self) { try Reading(image) }
    #expect(error?.code == .unsupported && error?.byteOffset == 4109 && error?.reason.contains("zip") == true)
  }

  @Test func aFileThatUnpacksBeyondMeasureIsRefused() throws {
    // A database waits in a temporary file until all of it is there.
    let zeros = zstd([UInt8](repeating: 0, count: 16 << 20))
    let bomb = zstd(Array("SQLite format 3\0".utf8)) + (0..<8).flatMap { _ in zeros }
    let error = #expect(throws: EventFormatError.self) { try Reading(bomb) }
    #expect(error?.code == .implausibleSize)
  }

  @Test func messagesOfUnknownConnectionsAreReported() throws {
    var content = MadeROS1Bag([]).connection(0)
    content += MadeROS1Bag.message(9, [1, 2])
    content += MadeROS1Bag.message(0, ROS1Message.events(Self.parts[0]))
    let image = Array(Self.ros1.image()[..<4109]) + MadeROS1Bag.chunk(content)
    let reading = try Reading(image)
    #expect(reading.batch == batch(Self.parts[0]))
    #expect(reading.accounting.violations[.corruptPacket]?.count == 1)
  }

  @Test func olderBagsAreRefused() throws {
    let error = #expect(throws: EventFormatError.self) { try Reading(Array("#ROSBAG V1.2\n12345".utf8)) }
    #expect(error?.code == .unsupported && error?.reason.contains("version") == true)
  }
}

/// Bytes of a pipe whose writer stops for a while: being asked for what comes behind is remembered.
final class HesitatingSource: ByteSource {
  let name = "pipe"
  let path: String? = nil
  private let bytes: [UInt8]
  private let pause: Int
  // Used by one test, on one thread.
  private nonisolated(unsafe) var position = 0
  private(set) nonisolated(unsafe) var hasPassedPause = false

  init(_ bytes: [UInt8], pause: Int) {
    self.bytes = bytes
    self.pause = pause
  }

  func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    if position >= pause { hasPassedPause = true }
    let end = position < pause ? pause : bytes.count
    let count = min(buffer.count, end - position)
    buffer.copyBytes(from: bytes[position..<position + count])
    position += count
    return count
  }
}
