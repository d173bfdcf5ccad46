/// The head of a CAF recording of plain samples, up to the first of them.
///
/// While it is recorded, and for ever if the recorder crashes, its length is -1 or 0.
struct CAFHeader {
  /// Of a chunk: name and length.
  private static let chunkLength = 12
  /// Of the file: mark, version and flags.
  private static let fileLength = 8
  private static let descriptionLength = 32
  /// Kinds of samples of which each stands for itself.
  private static let plain: Set<String> = ["lpcm", "ulaw", "alaw"]
  /// A number of changes stands before the samples.
  private static let changesLength: UInt64 = 4
  /// Recorders leave some room before the samples, not more than this.
  private static let limit = 1 << 16

  /// Bytes up to the first sample.
  let length: Int
  /// Bytes of samples as the header has it.
  let claimed: UInt64
  let isBigEndian: Bool
  private let description: [UInt8]

  /// Nil for what is no plain samples, or says only behind them what they are. Takes nothing out of the stream.
  init?(_ stream: ByteStream) throws(AudioError) {
    guard let found = try Self.find(stream), Self.plain.contains(found.packing) else { return nil }
    description = found.description
    isBigEndian = description[15] & 2 == 0
    let size = found.size
    claimed = size > UInt64(Int64.max) ? 0 : max(size, Self.changesLength) - Self.changesLength
    length = found.place + Int(Self.changesLength)
  }

  /// How the samples of a recording are packed that has no length: without it, and without the table of its packets, which a
  /// recorder writes at the end, nothing tells where one packet ends. Nil for all others.
  static func unfinishedPacking(_ stream: ByteStream) throws(AudioError) -> String? {
    guard let found = try find(stream), !plain.contains(found.packing),
      found.size == 0 || found.size > UInt64(Int64.max)
    else { return nil }
    return found.packing
  }

  /// The description in front of the samples, the length that these have, and where they begin.
  private static func find(
    _ stream: ByteStream
  ) throws(AudioError) -> (description: [UInt8], packing: String, size: UInt64, place: Int)? {
    var place = fileLength
    var description: [UInt8]?
    while place < limit {
      let head = try stream.peek(place + chunkLength).dropFirst(place)
      guard head.count == chunkLength else { return nil }
      let name = String(decoding: head.prefix(4), as: UTF8.self)
      let size = head.dropFirst(4).reduce(0) { $0 << 8 | UInt64($1) }
      place += chunkLength
      if name == "data" {
        guard let description else { return nil }
        return (description, String(decoding: description[8..<12], as: UTF8.self), size, place)
      }
      guard size < limit else { return nil }
      if name == "desc" {
        let content = Array(try stream.peek(place + Int(size)).dropFirst(place))
        if content.count >= descriptionLength { description = Array(content.prefix(descriptionLength)) }
      }
      place += Int(size)
    }
    return nil
  }

  /// Everything the library needs in front of the samples.
  func bytes(sampleBytes: Int64) -> [UInt8] {
    func big(_ value: UInt64) -> [UInt8] { (0..<8).map { UInt8(truncatingIfNeeded: value >> (56 - 8 * UInt64($0))) } }
    return Array("caff".utf8) + [0, 1, 0, 0] + Array("desc".utf8) + big(UInt64(Self.descriptionLength)) + description
      + Array("data".utf8) + big(UInt64(sampleBytes) + Self.changesLength) + [0, 0, 0, 0]
  }
}
