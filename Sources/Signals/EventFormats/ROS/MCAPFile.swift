import CKernels
import Signatures

/// An MCAP file: records of a byte of kind and 64 bits of length, most of them in chunks, the index at the end.
struct MCAPFile: ChunkedBag {
  static let magic = Signature.mcap.version("0\r\n").bytes

  private enum Kind {
    static let footer: UInt8 = 0x02
    static let schema: UInt8 = 0x03
    static let channel: UInt8 = 0x04
    static let message: UInt8 = 0x05
    static let chunk: UInt8 = 0x06
    static let statistics: UInt8 = 0x0b
    static let dataEnd: UInt8 = 0x0f
  }

  private struct Schema {
    var name: String
    /// Definition in the language of `.msg` files; nil in any other.
    var definition: String?
  }

  let name: String
  private(set) var topics: [BagTopic] = []
  var left: Int64 = 0

  var bytes: ChunkedInput
  private var schemas: [UInt16: Schema] = [:]
  /// Bytes of all definitions kept.
  private var definitionBytes = 0
  private var topicOfChannel: [UInt16: Int] = [:]
  /// Messages of each channel by what the statistics say; nil without them.
  private var statistics: [UInt16: UInt64]?
  var compressions: [BagCompression] = []
  var recordPlace = BagPlace(byteOffset: 0, isExact: true)
  /// Behind the messages: what follows repeats what was there.
  private var isInSummary = false
  var isFinished = false

  /// Takes the first bytes off a file.
  init(_ opened: InputBuffer) throws(EventFormatError) {
    var input = opened
    name = input.name
    guard try input.require(Self.magic.count), input.prefix(Self.magic.count) == Self.magic else {
      throw EventFormatError(
        .unsupported, source: name, byteOffset: 0, reason: "MCAP in another version than 0",
        remedy: "convert it with the tools it was written with")
    }
    input.consume(Self.magic.count)
    bytes = ChunkedInput(input)
  }

  private init(summary: InputBuffer) {
    name = summary.name
    bytes = ChunkedInput(summary)
  }

  mutating func survey() throws(EventFormatError) -> [BagTopic]? {
    guard !mayWait else { return nil }
    let file = try SeekableFile(bytes.input)
    // The last record: kind, length, where the summary begins, where its offsets do, a checksum; then the magic again.
    guard let end = try file.bytes(at: file.size - 37, count: 37), end[0] == Kind.footer,
      Array(end.suffix(Self.magic.count)) == Self.magic
    else { return nil }
    let start = end[9..<17].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard let start = Int64(exactly: start), start > 0, start < file.size else { return nil }
    var summary = MCAPFile(summary: InputBuffer(FileRange(file, from: start)))
    var report = ganglion_event_report()
    while try summary.nextMessage(&report) != nil {}
    guard let statistics = summary.statistics, report.violations(.corruptPacket).count == 0 else { return nil }
    for (channel, messages) in statistics {
      guard let topic = summary.topicOfChannel[channel] else { return nil }
      summary.topics[topic].messages += Int64(min(messages, 1 << 40))
    }
    return summary.topics
  }

  /// What cannot be a record: it is left out.
  private mutating func noteCorrupt(_ size: Int64, _ report: inout ganglion_event_report) {
    violate(.corruptPacket, recordPlace.byteOffset, &report)
    left = size
  }

  /// Reads one record; returns it if it is a message, its header taken off.
  mutating func nextRecord(_ report: inout ganglion_event_report) throws(EventFormatError) -> BagMessage? {
    recordPlace = bytes.place
    guard try bytes.require(9) else {
      try endOfLevel(&report)
      return nil
    }
    let (kind, length) = bytes.withBytes {
      ($0[0], UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 1, as: UInt64.self)))
    }
    bytes.consume(9)
    guard let size = Int64(exactly: length) else {
      // Longer than any file: the rest is that record.
      noteCorrupt(.max, &report)
      return nil
    }
    switch kind {
    case Kind.message where !isInSummary: return try takeMessage(size, &report)
    case Kind.chunk where !isInSummary: try openChunk(size, &report)
    case Kind.schema: try addSchema(size, &report)
    case Kind.channel: try addChannel(size, &report)
    case Kind.statistics: try takeStatistics(size, &report)
    case Kind.dataEnd where !bytes.isInChunk:
      isInSummary = true
      left = size
    case Kind.footer where !bytes.isInChunk: try takeFooter(size, &report)
    default: left = size
    }
    return nil
  }

  /// The chunk is through, or the file, which ought to have ended with its footer.
  private mutating func endOfLevel(_ report: inout ganglion_event_report) throws(EventFormatError) {
    if bytes.isInChunk, bytes.count == 0, !bytes.isDamaged, !bytes.isCut {
      if try !bytes.closeChunk() { try noteEnd(&report) }
      return
    }
    try noteEnd(&report)
  }

  private mutating func takeFooter(
    _ size: Int64, _ report: inout ganglion_event_report
  ) throws(EventFormatError) {
    guard try bytes.skip(size), try bytes.require(Self.magic.count) else { return try noteEnd(&report) }
    let isWhole = bytes.withBytes { $0.prefix(Self.magic.count).elementsEqual(Self.magic) }
    if !isWhole { violate(.corruptPacket, bytes.place.byteOffset, &report) }
    bytes.consume(Self.magic.count)
    isFinished = true
  }

  private mutating func takeMessage(
    _ size: Int64, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> BagMessage? {
    guard size >= 22 else {
      noteCorrupt(size, &report)
      return nil
    }
    guard try bytes.require(22) else {
      try noteEnd(&report)
      return nil
    }
    let channel = bytes.withBytes { UInt16(littleEndian: $0.loadUnaligned(as: UInt16.self)) }
    bytes.consume(22)
    left = size - 22
    guard let topic = topicOfChannel[channel] else {
      noteCorrupt(left, &report)
      return nil
    }
    topics[topic].messages += 1
    return BagMessage(topic: topic, size: left, place: recordPlace)
  }

  private mutating func openChunk(
    _ size: Int64, _ report: inout ganglion_event_report
  ) throws(EventFormatError) {
    guard !bytes.isInChunk, size >= 40 else { return noteCorrupt(size, &report) }
    guard try bytes.require(32) else { return try noteEnd(&report) }
    let (unpacked, length) = bytes.withBytes {
      (
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 16, as: UInt64.self)),
        Int64(UInt32(littleEndian: $0.loadUnaligned(fromByteOffset: 28, as: UInt32.self)))
      )
    }
    guard length <= min(64, size - 40) else { return noteCorrupt(size, &report) }
    guard try bytes.require(Int(40 + length)) else { return try noteEnd(&report) }
    let (method, stored) = bytes.withBytes {
      (
        String(decoding: $0[32..<32 + Int(length)], as: UTF8.self),
        UInt64(littleEndian: $0.loadUnaligned(fromByteOffset: 32 + Int(length), as: UInt64.self))
      )
    }
    guard let stored = Int64(exactly: stored), stored <= size - 40 - length else { return noteCorrupt(size, &report) }
    guard let compression = method.isEmpty ? BagCompression.none : BagCompression(rawValue: method),
      compression != .bzip2
    else {
      throw EventFormatError(
        .unsupported, source: name, byteOffset: recordPlace.byteOffset,
        reason: "a chunk compressed as \(method); lz4 and zstd are read",
        remedy: "write it anew with: mcap compress")
    }
    bytes.consume(Int(40 + length))
    if !compressions.contains(compression) { compressions.append(compression) }
    bytes.openChunk(
      compression, size: stored, behind: size - 40 - length - stored, unpacked: Int64(clamping: unpacked),
      offset: recordPlace.byteOffset)
  }

  /// Gives a short record to `body`, and takes it; nil where it is too long or the file ends before.
  private mutating func record<Result>(
    _ size: Int64, _ report: inout ganglion_event_report, _ body: (inout ByteCursor) -> Result?
  ) throws(EventFormatError) -> Result? {
    guard size <= Int64(BagLimits.definition) else {
      noteCorrupt(size, &report)
      return nil
    }
    guard try bytes.require(Int(size)) else {
      try noteEnd(&report)
      return nil
    }
    let result = bytes.withBytes { bytes in
      var cursor = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(size))))
      return body(&cursor)
    }
    bytes.consume(Int(size))
    if result == nil { violate(.corruptPacket, recordPlace.byteOffset, &report) }
    return result
  }

  private mutating func addSchema(
    _ size: Int64, _ report: inout ganglion_event_report
  ) throws(EventFormatError) {
    let found = try record(size, &report) { cursor -> (UInt16, Schema)? in
      guard let identifier = cursor.number(UInt16.self), let name = cursor.text(), name.utf8.count <= BagLimits.name,
        let language = cursor.text(), let text = cursor.block()
      else { return nil }
      let isKnown = language == "ros2msg" || language == "ros1msg"
      return (identifier, Schema(name: name, definition: isKnown ? String(decoding: text, as: UTF8.self) : nil))
    }
    guard let (identifier, schema) = found else { return }
    definitionBytes += schema.definition?.utf8.count ?? 0
    guard definitionBytes <= BagLimits.definitions else {
      return violate(.corruptPacket, recordPlace.byteOffset, &report)
    }
    schemas[identifier] = schema
  }

  private mutating func addChannel(
    _ size: Int64, _ report: inout ganglion_event_report
  ) throws(EventFormatError) {
    let found = try record(size, &report) { cursor -> (UInt16, UInt16, String, String)? in
      guard let identifier = cursor.number(UInt16.self), let schema = cursor.number(UInt16.self),
        let topic = cursor.text(), topic.utf8.count <= BagLimits.name, let serialization = cursor.text()
      else { return nil }
      return (identifier, schema, topic, serialization)
    }
    guard let (identifier, schema, topic, serialization) = found, topicOfChannel[identifier] == nil else { return }
    let type = schemas[schema]?.name ?? ""
    if let known = topics.firstIndex(where: { $0.name == topic && $0.type == MessageDefinition.plain(type) }) {
      topicOfChannel[identifier] = known
      return
    }
    topicOfChannel[identifier] = topics.count
    topics.append(
      BagTopic(
        name: topic, type: type, serialization: MessageSerialization(rawValue: serialization),
        definition: schemas[schema]?.definition))
  }

  private mutating func takeStatistics(
    _ size: Int64, _ report: inout ganglion_event_report
  ) throws(EventFormatError) {
    // Counts of messages, schemas, channels, attachments, metadata and chunks, first and last time.
    statistics = try record(size, &report) { cursor -> [UInt16: UInt64]? in
      guard cursor.skip(8 + 2 + 4 + 4 + 4 + 4 + 8 + 8) != nil, let channels = cursor.block() else { return nil }
      var entries = ByteCursor(channels)
      var counts: [UInt16: UInt64] = [:]
      while let channel = entries.number(UInt16.self), let messages = entries.number(UInt64.self) {
        counts[channel] = messages
      }
      return counts
    }
  }
}
