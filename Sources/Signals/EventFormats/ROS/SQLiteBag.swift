import CKernels
import Glibc
import Signatures

/// A bag of ROS 2 in SQLite: a row for each message, in the order in which they were written.
struct SQLiteBag: BagContainer {
  static let magic = Signature.sqlite.bytes

  let name: String
  private(set) var topics: [BagTopic] = []
  private(set) var left: Int64 = 0

  private let database: SQLiteDatabase
  private let file: SeekableFile
  /// Whether the file has fewer pages than it says.
  private let isCut: Bool
  private var topicOfRow: [Int64: Int] = [:]
  private var rowOfTopic: [Int64] = []
  private var window = ByteWindow()
  /// Bytes of the message at hand that are not in the window yet, and where they begin in it.
  private var unread = 0
  private var position = 0
  /// The row at hand, or that was at hand last.
  private var row: Int64 = 0
  private var isBegun = false
  private var isFinished = false

  /// Opens a database; a stream is copied to a temporary file before.
  init(_ opened: InputBuffer) throws(EventFormatError) {
    name = opened.name
    file = try SeekableFile(opened)
    let pages = try Self.pages(of: file)
    isCut = pages.count * pages.size > file.size
    let hasLog = opened.source.path.map { Self.fileExists($0 + "-wal") } ?? false
    let source = name
    do throws(SQLiteDatabase.Failure) {
      database = try SQLiteDatabase(path: hasLog ? opened.source.path ?? file.path : file.path, isImmutable: !hasLog)
    } catch {
      throw EventFormatError(
        .inputOutput, source: source, reason: "cannot be opened as a database: \(error.message)",
        remedy: hasLog ? "copy it, with the -wal file beside it, to where it may be written" : "check the file")
    }
    do throws(SQLiteDatabase.Failure) {
      try checkTables()
      try readTopics()
    } catch {
      throw Self.refusal(error, source)
    }
    file.forgetName()
  }

  private static func refusal(_ failure: SQLiteDatabase.Failure, _ source: String) -> EventFormatError {
    switch failure.cause {
    case .damage:
      EventFormatError(
        .malformedHeader, source: source, byteOffset: 0,
        reason: "the database is damaged or cut before its first message (\(failure.message))",
        remedy: "try what sqlite3 has for it: .recover")
    case .content:
      EventFormatError(
        .unsupported, source: source, reason: "a database without the tables of a ROS 2 bag (\(failure.message))",
        remedy: "check that this is a bag of ROS 2")
    case .system:
      EventFormatError(
        .inputOutput, source: source, reason: "the database cannot be read: \(failure.message)",
        remedy: "check its permissions; a -wal file beside it belongs to it and is copied with it")
    }
  }

  private static func fileExists(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_size > 0
  }

  var packing: String { "SQLite" }
  var bytesRead: Int64 { file.size }
  var mayWait: Bool { false }
  var place: BagPlace { BagPlace(row: row) }
  var count: Int { window.count }

  /// Size and number of pages by the header.
  private static func pages(of file: SeekableFile) throws(EventFormatError) -> (size: Int64, count: Int64) {
    try file.bytes(at: 0, count: 32).map(SQLiteCutFile.pages) ?? (1, file.size + 1)
  }

  /// Views and virtual tables, whose content is computed, are none of a bag.
  private func checkTables() throws(SQLiteDatabase.Failure) {
    for (table, columns) in [
      ("topics", ["id", "name", "type", "serialization_format"]), ("messages", ["id", "topic_id", "data"]),
    ] {
      try database.prepare("SELECT type, sql FROM sqlite_schema WHERE name='\(table)'")
      guard try database.step(), database.text(0) == "table", database.text(1).hasPrefix("CREATE TABLE") else {
        throw SQLiteDatabase.Failure(message: "no table \(table)", cause: .content)
      }
      try database.prepare("PRAGMA table_xinfo(\(table))")
      var found: Set<String> = []
      while try database.step() {
        // Computed columns are marked.
        if database.integer(6) == 0 { found.insert(database.text(1)) }
      }
      for column in columns where !found.contains(column) {
        throw SQLiteDatabase.Failure(message: "no column \(column) in \(table)", cause: .content)
      }
    }
  }

  private mutating func readTopics() throws(SQLiteDatabase.Failure) {
    let definitions = try readDefinitions()
    try database.prepare("SELECT id, name, type, serialization_format FROM topics ORDER BY id")
    while try database.step(), topics.count < BagLimits.topics {
      let type = database.text(2)
      guard database.text(1).utf8.count <= BagLimits.name, type.utf8.count <= BagLimits.name else { continue }
      topicOfRow[database.integer(0)] = topics.count
      rowOfTopic.append(database.integer(0))
      topics.append(
        BagTopic(
          name: database.text(1), type: type, serialization: MessageSerialization(rawValue: database.text(3)),
          definition: definitions[type]))
    }
  }

  /// Definitions by type; bags of before 2023 have none.
  private func readDefinitions() throws(SQLiteDatabase.Failure) -> [String: String] {
    try database.prepare("SELECT type, sql FROM sqlite_schema WHERE name='message_definitions'")
    guard try database.step(), database.text(0) == "table", database.text(1).hasPrefix("CREATE TABLE") else {
      return [:]
    }
    var definitions: [String: String] = [:]
    var size = 0
    try database.prepare("SELECT topic_type, encoding, encoded_message_definition FROM message_definitions")
    while try database.step(), size < BagLimits.definitions {
      let text = database.text(2)
      size += text.utf8.count
      if database.text(1) == "ros2msg" { definitions[database.text(0)] = text }
    }
    return definitions
  }

  mutating func survey() throws(EventFormatError) -> [BagTopic]? {
    var found = topics
    // Which topics with events have any has to be known; how many there are, or of others, is not worth a search.
    for index in topics.indices where topics[index].holdsEvents {
      do throws(SQLiteDatabase.Failure) {
        try database.prepare("SELECT 1 FROM messages WHERE topic_id=\(rowOfTopic[index]) LIMIT 1")
        if try database.step() { found[index].messages = 1 }
      } catch {
        return nil
      }
    }
    return found
  }

  mutating func nextMessage(_ report: inout ganglion_event_report) throws(EventFormatError) -> BagMessage? {
    window.removeAll()
    left = 0
    while !isFinished {
      do throws(SQLiteDatabase.Failure) {
        if !isBegun { try database.prepare("SELECT rowid, topic_id FROM messages ORDER BY rowid") }
        isBegun = true
        guard try database.step() else {
          isFinished = true
          return nil
        }
      } catch {
        isFinished = true
        note(error, &report)
        return nil
      }
      row = database.integer(0)
      guard let topic = topicOfRow[database.integer(1)] else {
        violate(.corruptPacket, &report)
        continue
      }
      topics[topic].messages += 1
      do throws(SQLiteDatabase.Failure) {
        unread = try database.openBlob(table: "messages", column: "data", row: row)
      } catch {
        note(error, &report)
        continue
      }
      position = 0
      left = Int64(unread)
      return BagMessage(topic: topic, size: left, place: place)
    }
    return nil
  }

  private mutating func violate(_ kind: EventViolation, _ report: inout ganglion_event_report) {
    report.violate(kind, offset: Int(kind == .truncatedTail ? file.size : place.byteOffset))
    // Behind the place of a cut there is nothing.
    if report.stop_at_violation != 0 || kind == .truncatedTail { isFinished = true }
  }

  /// A page is not what it should be, or beyond the end of the file.
  private mutating func note(_ failure: SQLiteDatabase.Failure, _ report: inout ganglion_event_report) {
    violate(isCut && failure.cause == .damage ? .truncatedTail : .corruptPacket, &report)
  }

  mutating func require(
    _ wanted: Int, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Bool {
    guard Int64(wanted) <= left else { return false }
    while window.count < wanted {
      if let failure = readPiece() {
        note(failure, &report)
        left = 0
        window.removeAll()
        return false
      }
    }
    return true
  }

  /// Reads some more of the message. Where a page is missing, what stands in front of it is still read.
  private mutating func readPiece() -> SQLiteDatabase.Failure? {
    var failure: SQLiteDatabase.Failure?
    var taken = 0
    // Taken out while it is changed, since what fills it stands beside it.
    var window = ByteWindow()
    swap(&window, &self.window)
    window.fill { room in
      var size = min(unread, room.count)
      while taken == 0, size > 0 {
        do throws(SQLiteDatabase.Failure) {
          try database.readBlob(into: UnsafeMutableRawBufferPointer(rebasing: room.prefix(size)), at: position)
          taken = size
        } catch {
          failure = error
          size /= 2
        }
      }
      return taken
    }
    swap(&window, &self.window)
    position += taken
    unread -= taken
    return taken > 0 ? nil : failure
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    window.withBytes(body)
  }

  mutating func consume(_ amount: Int) {
    window.consume(amount)
    left -= Int64(amount)
  }
}
