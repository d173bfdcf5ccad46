import CKernels
import Glibc

/// A ROS 2 bag as its folder: the files that its `metadata.yaml` names, one after the other.
struct BagFolder: BagContainer {
  static let signature = Array("rosbag2_bagfile_information:".utf8)
  /// Largest description, bytes; it grows with topics and files.
  private static let largestDescription = 4 << 20

  let name: String
  private(set) var topics: [BagTopic] = []
  private(set) var bytesRead: Int64 = 0
  private var bytesBefore: Int64 = 0

  private let paths: [String]
  private var next = 0
  private var current: any BagContainer
  /// Position among all topics of each topic of the current file, and what it had counted.
  private var places: [Int] = []

  /// - Parameter opened: the description, in a file of the folder.
  init(_ opened: InputBuffer) throws(EventFormatError) {
    name = opened.name
    guard let path = opened.source.path else {
      throw EventFormatError(
        .unsupported, source: name, reason: "the description of a ROS 2 bag, without the files that it names",
        remedy: "name the folder, or send one of its .db3 or .mcap files")
    }
    var input = opened
    while input.count < Self.largestDescription, !input.isAtEnd { try input.fill(wanted: input.count + 1) }
    let files = Self.files(in: String(decoding: input.prefix(Self.largestDescription), as: UTF8.self))
    guard !files.isEmpty else {
      throw EventFormatError(
        .malformedHeader, source: path, reason: "names no files under relative_file_paths",
        remedy: "name one of the .db3 or .mcap files in the folder")
    }
    let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
    // Older descriptions put the folder's own name in front; nothing outside the folder is opened.
    paths = files.map { file in
      folder + (file.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(file[file.utf8.index(after: $0)...]) } ?? file)
    }
    current = try Self.open(paths[0])
    next = 1
  }

  /// The entries of the list `relative_file_paths`.
  static func files(in description: String) -> [String] {
    var files: [String] = []
    var isInList = false
    for line in description.split(whereSeparator: \.isNewline) {
      let text = line.drop { $0 == " " }
      if text.hasPrefix("relative_file_paths:") {
        isInList = true
      } else if isInList, text.hasPrefix("- ") {
        let value = text.dropFirst(2).filter { $0 != "\"" && $0 != "'" }
        if !value.isEmpty { files.append(value) }
      } else if !text.isEmpty {
        isInList = false
      }
    }
    return files
  }

  private static func open(_ path: String) throws(EventFormatError) -> any BagContainer {
    var input = InputBuffer(try FileByteSource(path: path))
    input = try unpacked(input)
    _ = try input.require(EventFormat.detectionLength)
    let head = input.prefix(EventFormat.detectionLength)
    if head.starts(with: SQLiteBag.magic) { return try SQLiteBag(input) }
    if head.starts(with: MCAPFile.magic) { return try MCAPFile(input) }
    throw EventFormatError(
      .unrecognised, source: path, byteOffset: 0, reason: "is neither SQLite nor MCAP, as files of ROS 2 bags are",
      remedy: "check the file, or take it out of metadata.yaml")
  }

  var packing: String { current.packing }
  var mayWait: Bool { false }
  var left: Int64 { current.left }
  var place: BagPlace { current.place }
  var count: Int { current.count }

  mutating func survey() throws(EventFormatError) -> [BagTopic]? {
    var all: [BagTopic] = []
    for (index, path) in paths.enumerated() {
      var found: [BagTopic]?
      if index == 0 {
        found = try current.survey()
      } else {
        var file = try Self.open(path)
        found = try file.survey()
      }
      guard let found else { return nil }
      for topic in found {
        if let known = all.firstIndex(where: { $0.name == topic.name && $0.type == topic.type }) {
          all[known].messages += topic.messages
        } else {
          all.append(topic)
        }
      }
    }
    return all
  }

  mutating func nextMessage(_ report: inout ganglion_event_report) throws(EventFormatError) -> BagMessage? {
    while true {
      let message = try current.nextMessage(&report)
      mergeTopics()
      bytesRead = bytesBefore + current.bytesRead
      if var message {
        message.topic = places[message.topic]
        topics[message.topic].messages += 1
        return message
      }
      guard next < paths.count, report.stop_at_violation == 0 || !report.hasViolations else {
        return nil
      }
      bytesBefore = bytesRead
      places = []
      current = try Self.open(paths[next])
      next += 1
    }
  }

  /// Gives the topics that the current file has come to know their place among those of all.
  private mutating func mergeTopics() {
    for topic in current.topics.dropFirst(places.count) {
      if let known = topics.firstIndex(where: { $0.name == topic.name && $0.type == topic.type }) {
        places.append(known)
      } else {
        places.append(topics.count)
        var added = topic
        added.messages = 0
        topics.append(added)
      }
    }
  }

  mutating func require(
    _ wanted: Int, _ report: inout ganglion_event_report
  ) throws(EventFormatError) -> Bool {
    try current.require(wanted, &report)
  }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    current.withBytes(body)
  }

  mutating func consume(_ amount: Int) {
    current.consume(amount)
  }
}
