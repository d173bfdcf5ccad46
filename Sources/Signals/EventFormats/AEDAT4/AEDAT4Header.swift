import Events
import Signatures

/// How the packets of an AEDAT 4 file are compressed.
public enum AEDAT4Compression: Int, Sendable, Codable, CaseIterable {
  case none = 0
  case lz4 = 1
  case lz4High = 2
  case zstd = 3
  case zstdHigh = 4

  /// How people call it.
  public var title: String {
    switch self {
    case .none: "uncompressed"
    case .lz4, .lz4High: "LZ4"
    case .zstd, .zstdHigh: "Zstd"
    }
  }
}

/// One stream of packets in an AEDAT 4 file.
struct AEDAT4Stream: Sendable, Equatable {
  var identifier: Int32
  /// Four letters: EVTS, FRME, IMUS, TRIG.
  var type: String
  var geometry: SensorGeometry?
  var source: String?
  /// What the module that recorded it calls it.
  var output: String?
}

extension AEDAT4Stream {
  /// Names it can be chosen by: its number, or what its camera or output is called.
  var candidate: StreamCandidate {
    let more = [output, source].compactMap { $0 }
    return StreamCandidate(
      identifier: identifier, names: ["\(identifier)"] + more,
      stream: RecordingStream(name: "\(identifier)", details: more.joined(separator: " of "), sensor: geometry))
  }
}

/// The header of an AEDAT 4 file: magic, then a flatbuffer with the compression, the place of the index and an XML
/// text that lists the streams.
struct AEDAT4Header: Sendable {
  static let magic = Signature.aedat.version("4.0\r\n").bytes
  /// Largest header an honest writer makes.
  static let maximumSize = 16 << 20

  var compression = AEDAT4Compression.none
  /// Where the index begins; negative when the writer did not come to write one.
  var tablePosition: Int64 = -1
  var streams: [AEDAT4Stream] = []

  init(_ input: inout InputBuffer) throws(EventFormatError) {
    func malformed(_ reason: String) -> EventFormatError {
      EventFormatError(
        .malformedHeader, source: input.name, byteOffset: input.byteOffset, reason: reason,
        remedy: "the file was cut or damaged at its beginning, record it again")
    }
    guard try input.require(Self.magic.count + 4) else { throw malformed("the header is cut") }
    // What comes over a network has none.
    if input.prefix(Self.magic.count) == Self.magic { input.consume(Self.magic.count) }
    let size = input.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    guard (16...Self.maximumSize).contains(size) else {
      throw EventFormatError(
        .implausibleSize, source: input.name, byteOffset: input.byteOffset,
        reason: "the header says it has \(size) bytes, at most \(Self.maximumSize) are allowed",
        remedy: "check that this is an AEDAT 4 recording")
    }
    guard try input.require(4 + size) else { throw malformed("the header of \(size) bytes is cut") }
    let text: String? = input.withBytes { bytes in
      let buffer = FlatBuffer(bytes: UnsafeRawBufferPointer(rebasing: bytes.prefix(4 + size)))
      guard let (identifier, root) = buffer.sizePrefixedRoot(), identifier == Array("IOHE".utf8) else { return nil }
      if let field = buffer.field(0, of: root), let value = buffer.int32(field) {
        guard let known = AEDAT4Compression(rawValue: Int(value)) else { return nil }
        compression = known
      }
      if let field = buffer.field(1, of: root), let value = buffer.int64(field) { tablePosition = value }
      return buffer.string(2, of: root) ?? ""
    }
    guard let text else { throw malformed("the header is no flatbuffer of an AEDAT 4 file") }
    input.consume(4 + size)
    streams = Self.streams(in: text)
  }

  /// Reads the tree of `<node name=…>` and `<attr key=…>` that lists the streams under `outInfo`.
  static func streams(in text: String) -> [AEDAT4Stream] {
    var path: [String] = []
    var values: [String: [String: String]] = [:]
    var rest = Substring(text)
    while let open = rest.firstIndex(of: "<") {
      rest = rest[rest.index(after: open)...]
      guard let close = rest.firstIndex(of: ">") else { break }
      let tag = rest[..<close]
      rest = rest[rest.index(after: close)...]
      if tag.hasPrefix("node") {
        if !tag.hasSuffix("/") { path.append(attribute("name", of: tag) ?? "") }
      } else if tag.hasPrefix("/node") {
        _ = path.popLast()
      } else if tag.hasPrefix("attr"), let key = attribute("key", of: tag) {
        let value = rest.prefix { $0 != "<" }
        if let place = path.lastIndex(of: "outInfo"), place + 1 < path.count {
          values[path[place + 1], default: [:]][key] = String(value)
        }
      }
    }
    return values.compactMap { name, values in
      guard let identifier = Int32(name), let type = values["typeIdentifier"] else { return nil }
      var geometry: SensorGeometry?
      if let width = values["sizeX"].flatMap({ Int($0) }), let height = values["sizeY"].flatMap({ Int($0) }) {
        let found = SensorGeometry(width: width, height: height)
        geometry = found.isValid ? found : nil
      }
      return AEDAT4Stream(
        identifier: identifier, type: type, geometry: geometry, source: values["source"],
        output: values["originalOutputName"])
    }.sorted { $0.identifier < $1.identifier }
  }

  private static func attribute(_ name: String, of tag: Substring) -> String? {
    guard let range = tag.firstRange(of: name + "=\"") else { return nil }
    return String(tag[range.upperBound...].prefix { $0 != "\"" })
  }
}
