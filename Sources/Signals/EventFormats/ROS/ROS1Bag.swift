import CKernels
import Signatures

/// A bag of ROS 1, version 2.0: records, most of them in chunks, the index at the end.
struct ROS1Bag: ChunkedBag {
  static let magic = Signature.rosBag.version("2.0\n").bytes

  let name: String
  private(set) var topics: [BagTopic] = []
  var left: Int64 = 0
  /// Messages of each topic by what the index says.
  private var indexed: [Int64] = []

  var bytes: ChunkedInput
  private var topicOfConnection: [UInt32: Int] = [:]
  var compressions: [BagCompression] = []
  /// Where the index begins; 0 in a bag that was not closed.
  private var indexPosition: UInt64 = 0
  private var chunkCount: UInt32 = 0
  private var chunksInIndex: UInt32 = 0
  /// Where the record at hand begins.
  var recordPlace = BagPlace(byteOffset: 0, isExact: true)
  var isFinished = false

  /// Takes the first bytes off a bag.
  init(_ opened: InputBuffer) throws(EventFormatError) {
    var input = opened
    name = input.name
    guard try input.require(Self.magic.count), input.prefix(Self.magic.count) == Self.magic else {
      throw EventFormatError(
        .unsupported, source: name, byteOffset: 0, reason: "a bag of ROS 1 in another version than 2.0",
        remedy: "bring it up to date with: rosbag migrate, or rosbags-convert")
    }
    input.consume(Self.magic.count)
    bytes = ChunkedInput(input)
  }

  /// Reads a stretch of a bag from the middle, for its index.
  private init(index: InputBuffer) {
    name = index.name
    bytes = ChunkedInput(index)
  }

  mutating func survey() throws(EventFormatError) -> [BagTopic]? {
    guard !mayWait, let header = try bagHeader(), let position = header.indexPosition,
      let start = Int64(exactly: position), start > 0
    else { return nil }
    var index = ROS1Bag(index: InputBuffer(FileRange(try SeekableFile(bytes.input), from: start)))
    var report = ganglion_event_report()
    while try index.nextMessage(&report) != nil {}
    guard index.chunksInIndex == header.chunkCount, report.violations(.corruptPacket).count == 0 else { return nil }
    return zip(index.topics, index.indexed).map { topic, messages in
      var topic = topic
      topic.messages = messages
      return topic
    }
  }

  /// The first record, which says where the index is; it stays to be read.
  private mutating func bagHeader() throws(EventFormatError) -> ROS1Record? {
    guard try bytes.require(4) else { return nil }
    let length = bytes.withBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
    guard length <= BagLimits.recordHeader, try bytes.require(4 + length) else { return nil }
    return bytes.withBytes { ROS1Record(UnsafeRawBufferPointer(rebasing: $0[4..<4 + length])) }
  }

  /// What cannot be a record: the rest of its chunk is left out, or of the file.
  private mutating func noteCorrupt(_ report: inout ganglion_event_report) throws(EventFormatError) {
    violate(.corruptPacket, recordPlace.byteOffset, &report)
    guard bytes.isInChunk else {
      isFinished = true
      return
    }
    if try !bytes.closeChunk() {
      violate(.truncatedTail, bytes.place.byteOffset, &report)
      isFinished = true
    }
  }

  /// Reads one record; returns it if it is a message, its header taken off.
  mutating func nextRecord(_ report: inout ganglion_event_report) throws(EventFormatError) -> BagMessage? {
    recordPlace = bytes.place
    guard try bytes.require(4) else {
      try endOfLevel(&report)
      return nil
    }
    let length = bytes.withBytes { Int(UInt32(littleEndian: $0.loadUnaligned(as: UInt32.self))) }
    guard length <= BagLimits.recordHeader else {
      try noteCorrupt(&report)
      return nil
    }
    guard try bytes.require(length + 8) else {
      try noteEnd(&report)
      return nil
    }
    let (record, size) = bytes.withBytes { bytes in
      (
        ROS1Record(UnsafeRawBufferPointer(rebasing: bytes[4..<4 + length])),
        Int64(UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 + length, as: UInt32.self)))
      )
    }
    guard let record, let operation = record.operation else {
      try noteCorrupt(&report)
      return nil
    }
    bytes.consume(length + 8)
    switch operation {
    case .message:
      guard let topic = record.connection.flatMap({ topicOfConnection[$0] }) else {
        violate(.corruptPacket, recordPlace.byteOffset, &report)
        left = size
        return nil
      }
      topics[topic].messages += 1
      left = size
      return BagMessage(topic: topic, size: size, place: recordPlace)
    case .chunk: try openChunk(record, size, &report)
    case .connection: try addConnection(record, size, &report)
    case .chunkInfo: try addChunkInfo(record, size, &report)
    case .bag:
      indexPosition = record.indexPosition ?? 0
      chunkCount = record.chunkCount ?? 0
      left = size
    case .index: left = size
    }
    return nil
  }

  /// The chunk is through, or the file.
  private mutating func endOfLevel(_ report: inout ganglion_event_report) throws(EventFormatError) {
    if bytes.count > 0 || bytes.isDamaged || bytes.isInChunk && bytes.isCut { return try noteEnd(&report) }
    if bytes.isInChunk {
      if try !bytes.closeChunk() { try noteEnd(&report) }
      return
    }
    isFinished = true
    // Whether all that was to come behind the chunks is there.
    if indexPosition == 0 || chunksInIndex < chunkCount || bytes.input.byteOffset < Int64(clamping: indexPosition) {
      violate(.truncatedTail, bytes.input.byteOffset, &report)
    }
  }

  private mutating func openChunk(
    _ record: ROS1Record, _ size: Int64, _ report: inout ganglion_event_report
  ) throws(EventFormatError) {
    guard !bytes.isInChunk else { return try noteCorrupt(&report) }
    guard let compression = BagCompression(rawValue: record.compression ?? "none"), compression != .zstd else {
      throw EventFormatError(
        .unsupported, source: name, byteOffset: recordPlace.byteOffset,
        reason: "a chunk compressed as \(record.compression ?? ""); none, bz2 and lz4 are read",
        remedy: "write it anew with: rosbag decompress")
    }
    if !compressions.contains(compression) { compressions.append(compression) }
    bytes.openChunk(
      compression, size: size, unpacked: Int64(record.size ?? .max), offset: recordPlace.byteOffset)
  }

  private mutating func addConnection(
    _ record: ROS1Record, _ size: Int64, _ report: inout ganglion_event_report
  ) throws(EventFormatError) {
    guard size <= BagLimits.definition, let connection = record.connection, let topic = record.topic else {
      return try noteCorrupt(&report)
    }
    guard try bytes.require(Int(size)) else { return try noteEnd(&report) }
    if topicOfConnection[connection] == nil {
      let details = bytes.withBytes { ROS1Connection(UnsafeRawBufferPointer(rebasing: $0.prefix(Int(size)))) }
      guard let details, topicOfConnection.count < BagLimits.topics else { return try noteCorrupt(&report) }
      let found = BagTopic(
        name: topic, type: details.type ?? "", serialization: .ros1, definition: details.definition)
      // Several publishers of one topic have a connection each.
      if let known = topics.firstIndex(where: { $0.name == found.name && $0.type == found.type }) {
        topicOfConnection[connection] = known
      } else {
        topicOfConnection[connection] = topics.count
        topics.append(found)
        indexed.append(0)
      }
    }
    bytes.consume(Int(size))
  }

  /// How many messages of each connection a chunk holds.
  private mutating func addChunkInfo(
    _ record: ROS1Record, _ size: Int64, _ report: inout ganglion_event_report
  ) throws(EventFormatError) {
    guard size <= BagLimits.definition else { return try noteCorrupt(&report) }
    guard try bytes.require(Int(size)) else { return try noteEnd(&report) }
    chunksInIndex &+= 1
    bytes.withBytes { bytes in
      var entries = ByteCursor(UnsafeRawBufferPointer(rebasing: bytes.prefix(Int(size))))
      while let connection = entries.number(UInt32.self), let messages = entries.number(UInt32.self) {
        if let topic = topicOfConnection[connection] { indexed[topic] += Int64(messages) }
      }
    }
    bytes.consume(Int(size))
  }
}
