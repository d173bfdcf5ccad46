import CSQLite
import EventFormats
import Events
import Foundation
import Testing

@testable import TestSupport

/// Bags of ROS 2 in databases, and their folders.
@Suite struct SQLiteBagTests {
  static let events = tickingEvents(900)
  private static var parts: [[Event]] { [Array(events[..<300]), Array(events[300..<302]), Array(events[302...])] }

  /// A database as recorders make it.
  private struct Made {
    var pageSize = 512
    var topics = [(name: "/dvs/events", type: "dvs_msgs/msg/EventArray")]
    var messages: [(topic: Int, data: [UInt8])] = []
    /// Statements in front of all, in place of the usual tables where they make those.
    var tables = [
      "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT, type TEXT, serialization_format TEXT)",
      "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, timestamp INTEGER, data BLOB)",
    ]

    init(_ messages: [[UInt8]]) {
      self.messages = messages.map { (1, $0) }
    }

    /// Writes it; `finish` is given the open database at the end.
    func write(to path: String, finish: (OpaquePointer?) -> Void = { _ in }) {
      var database: OpaquePointer?
      sqlite3_open(path, &database)
      defer { sqlite3_close(database) }
      var lines = ["PRAGMA page_size=\(pageSize)"] + tables
      for (index, topic) in topics.enumerated() {
        lines.append("INSERT INTO topics VALUES(\(index + 1), '\(topic.name)', '\(topic.type)', 'cdr')")
      }
      for (topic, data) in messages {
        let hex = data.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        lines.append("INSERT INTO messages(topic_id, timestamp, data) VALUES(\(topic), 0, x'\(hex)')")
      }
      for line in lines { sqlite3_exec(database, line, nil, nil, nil) }
      finish(database)
    }

    func image() throws -> [UInt8] {
      let folder = try TemporaryFolder()
      write(to: "\(folder.path)/bag.db3")
      return Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder.path)/bag.db3")))
    }
  }

  private static func made() -> Made { Made(parts.map { CDRMessage().events($0) }) }

  @Test func messagesAreReadInTheirOrder() throws {
    let image = try Self.made().image()
    for maximum in [5, 100_000] {
      let reading = try Reading(image, pieceSize: 1000, maximum: maximum)
      #expect(reading.batch == batch(Self.events) && reading.accounting.violations.isEmpty)
    }
    let folder = try TemporaryFolder()
    // Letters that mean something in addresses are none in paths.
    let path = try folder.file("a bag?x=1#2%41.db3", image)
    #expect(try Reading(FileByteSource(path: path)).batch == batch(Self.events))
  }

  @Test func compressedMessagesAndOtherTopicsStandBesideEachOther() throws {
    var made = Made(Self.parts.map { zstd(CDRMessage().events($0)) })
    made.topics.append((name: "/imu", type: "sensor_msgs/msg/Imu"))
    made.messages.insert((2, [0, 1, 0, 0]), at: 1)
    var reader = try openEventReader(source: MemoryByteSource(try made.image()))
    #expect(try readAllEvents(&reader) == batch(Self.events))
    #expect(reader.accounting.skipped == [.inertial: 1])
    #expect(reader.streams.map(\.messages) == [3, 1])
    made.topics.append((name: "/second", type: "dvs_msgs/msg/EventArray"))
    #expect(try Reading(made.image()).batch == batch(Self.events))
    made.messages.append((3, CDRMessage().events(tickingEvents(1))))
    let error = #expect(throws: EventFormatError.self) { try Reading(made.image()) }
    #expect(error?.code == .ambiguous && error?.subject == .stream)
  }

  @Test func aCutDatabaseGivesTheEventsBeforeTheCut() throws {
    let image = try Self.made().image()
    var longest = 0
    for length in stride(from: 100, to: image.count, by: 101) {
      do {
        let reading = try Reading(Array(image[..<length]))
        // What is not there is no event, be it at the end of a page or within one.
        #expect(reading.batch == batch(Array(Self.events[..<reading.batch.count])), "cut at \(length)")
        let found = try #require(reading.accounting.violations[.truncatedTail], "cut at \(length)")
        #expect(found == .init(count: 1, firstByteOffset: Int64(length)))
        longest = max(longest, reading.batch.count)
      } catch let error as EventFormatError {
        #expect(longest == 0 && error.byteOffset != nil, "cut at \(length): \(error)")
      }
    }
    // The page within which the cut lies is missing as a whole.
    #expect(longest > 300 && longest < 900, "\(longest)")
  }

  @Test func whatIsStillInTheLogIsRead() throws {
    let folder = try TemporaryFolder()
    let path = "\(folder.path)/bag.db3"
    var made = Self.made()
    made.tables.insert("PRAGMA journal_mode=WAL", at: 0)
    var count = 0
    made.write(to: path) { _ in
      // Not closed yet: the messages are in the log.
      count = (try? Reading(FileByteSource(path: path)).batch.count) ?? -1
    }
    #expect(count == 900)
  }

  @Test(arguments: [
    "CREATE VIEW messages AS SELECT 1 AS id, 1 AS topic_id, 0 AS timestamp, zeroblob(100000000) AS data",
    "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER, data BLOB AS (zeroblob(100000000)))",
    "CREATE TABLE letters(id INTEGER PRIMARY KEY)",
  ])
  func tablesOfAnotherKindAreRefused(statement: String) throws {
    var made = Made([])
    made.tables[1] = statement
    let error = #expect(throws: EventFormatError.self) { try Reading(made.image()) }
    #expect(error?.code == .unsupported)
  }

  @Test func damagedPagesAreReported() throws {
    var image = try Self.made().image()
    // The header of the page with the first message of many.
    for index in 4096..<image.count where index % 512 < 12 { image[index] = 0x55 }
    do {
      let reading = try Reading(image)
      #expect(reading.batch.count < 900)
      // Pages lie wherever there was room: a byte would be a wrong place.
      let found = try #require(reading.accounting.violations[.corruptPacket])
      #expect(found.firstByteOffset == nil && found.firstRow != nil)
    } catch let error as EventFormatError {
      #expect(error.code == .malformedHeader || error.code == .unsupported)
    }
  }

  @Test func whatIsWrongIsToldWithItsRow() throws {
    var made = Self.made()
    made.messages.insert((7, [0, 1, 0, 0]), at: 1)
    made.messages[2].data.removeLast(40)
    let reading = try Reading(made.image())
    #expect(reading.accounting.violations == [.corruptPacket: .init(count: 2, firstRow: 2)])
    #expect(reading.accounting.violations[.corruptPacket]?.place == "row 2")
    var options = EventReadingOptions()
    options.strictness = .stop
    made.messages.remove(at: 1)
    let stopped = try Reading(made.image(), options: options)
    #expect(stopped.error?.row == 2 && stopped.error?.byteOffset == nil)
    #expect(stopped.error?.description.contains(" in row 2: ") == true)
  }

  @Test func aLongDatabaseThatIsCutGivesNearlyAllThatIsThere() throws {
    let events = tickingEvents(30_000)
    var made = Made((0..<100).map { CDRMessage().events(Array(events[300 * $0..<300 * $0 + 300])) })
    made.pageSize = 4096
    let image = try made.image()
    for percent in [90, 50, 10] {
      let reading = try Reading(Array(image[..<(image.count * percent / 100)]))
      let expected = batch(Array(events[..<reading.batch.count]))
      #expect(reading.batch == expected, "\(percent) %")
      #expect(reading.accounting.violations.keys.sorted { $0.rawValue < $1.rawValue } == [.truncatedTail])
      // A leaf of the tree with some eight messages may lie behind the cut, though their bytes are before it.
      #expect(reading.batch.count > 300 * (percent - 10) && reading.batch.count <= 300 * percent, "\(percent) %")
    }
  }

  @Test func aCutDatabaseOfTheLargestPagesIsKnownAsCut() throws {
    let events = tickingEvents(30_000)
    var made = Made((0..<100).map { CDRMessage().events(Array(events[300 * $0..<300 * $0 + 300])) })
    made.pageSize = 65_536
    let image = try made.image()
    #expect(image[16..<18] == [0, 1])
    #expect(try Reading(image).accounting.violations.isEmpty)
    let cut = 4 * 65_536 + 100
    let reading = try Reading(Array(image[..<cut]))
    #expect(reading.batch == batch(Array(events[..<reading.batch.count])))
    #expect(reading.accounting.violations == [.truncatedTail: .init(count: 1, firstByteOffset: Int64(cut))])
  }

  private static func description(_ files: [String]) -> [UInt8] {
    let list = files.map { "    - \($0)\n" }.joined()
    return Array(
      """
      rosbag2_bagfile_information:
        version: 5
        storage_identifier: sqlite3
        relative_file_paths:
      \(list)  duration:
          nanoseconds: 5
      """.utf8)
  }

  @Test func aFolderIsReadFileByFile() throws {
    let folder = try TemporaryFolder()
    Made([CDRMessage().events(Self.parts[0])]).write(to: "\(folder.path)/bag_0.db3")
    _ = try folder.file("bag_1.mcap", MadeMCAP([CDRMessage().events(Self.parts[1])]).image())
    Made([CDRMessage().events(Self.parts[2])]).write(to: "\(folder.path)/bag_2.db3")
    // Older descriptions have the folder's name in front.
    let files = ["bag_0.db3", "old/bag_1.mcap", "\"bag_2.db3\""]
    let path = try folder.file("metadata.yaml", Self.description(files))
    for place in [folder.path, folder.path + "/", path] {
      var reader = try openEventReader(path: place)
      #expect(reader.format == .rosbag2)
      #expect(try readAllEvents(&reader) == batch(Self.events))
      #expect(reader.streams.map(\.messages) == [3])
    }
    _ = try folder.file("metadata.yaml", Self.description(files.reversed()))
    #expect(try Reading(FileByteSource(path: folder.path)).batch.times.first == Self.parts[2][0].timeMicroseconds)
    // Nothing outside of the folder is opened.
    _ = try folder.file("metadata.yaml", Self.description(["/etc/passwd"]))
    let error = #expect(throws: EventFormatError.self) { try Reading(FileByteSource(path: folder.path)) }
    #expect(error?.source == "\(folder.path)/passwd" && error?.code == .inputOutput)
    #expect(throws: EventFormatError.self) { try Reading(Self.description(files)) }
  }

  @Test func camerasOfAFolderAreToldApartBeforeAnythingIsRead() throws {
    let folder = try TemporaryFolder()
    Made([CDRMessage().events(Self.parts[0])]).write(to: "\(folder.path)/bag_0.db3")
    var second = Made([CDRMessage().events(Self.parts[1])])
    second.topics[0].name = "/other/events"
    second.write(to: "\(folder.path)/bag_1.db3")
    _ = try folder.file("metadata.yaml", Self.description(["bag_0.db3", "bag_1.db3"]))
    let error = #expect(throws: EventFormatError.self) { try openEventReader(path: folder.path) }
    #expect(error?.code == .ambiguous)
    var options = EventReadingOptions()
    options.stream = "/other/events"
    #expect(try Reading(FileByteSource(path: folder.path), options: options).batch == batch(Self.parts[1]))
  }

  @Test func aFolderWithoutADescriptionIsNoRecording() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: EventFormatError.self) { try openEventReader(path: folder.path) }
    #expect(error?.code == .inputOutput && error?.reason == "is a folder")
  }
}
