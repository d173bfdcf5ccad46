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
    var place = Self.fileLength
    var description: [UInt8]?
    while place < Self.limit {
      let head = try stream.peek(place + Self.chunkLength).dropFirst(place)
      guard head.count == Self.chunkLength else { return nil }
      let name = String(decoding: head.prefix(4), as: UTF8.self)
      let size = head.dropFirst(4).reduce(0) { $0 << 8 | UInt64($1) }
      place += Self.chunkLength
      if name == "data" {
        guard let description,
          Self.plain.contains(String(decoding: description[8..<12], as: UTF8.self))
        else { return nil }
        self.description = description
        isBigEndian = description[15] & 2 == 0
        claimed = size > UInt64(Int64.max) ? 0 : max(size, Self.changesLength) - Self.changesLength
        length = place + Int(Self.changesLength)
        return
      }
      guard size < Self.limit else { return nil }
      if name == "desc" {
        let content = Array(try stream.peek(place + Int(size)).dropFirst(place))
        if content.count >= Self.descriptionLength { description = Array(content.prefix(Self.descriptionLength)) }
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
