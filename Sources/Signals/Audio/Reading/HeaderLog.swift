import CSndFile

/// What libsndfile noticed while it parsed a header: the one place where it says that a file is shorter than it claims.
struct HeaderLog {
  /// Chunks that hold samples, as the library names them in its log, with their sizes in bytes.
  private static let sampleChunks: Set<String> = ["data", "SSND", "Data Size", "riff"]
  /// Programs that write to a pipe cannot know the length and put about 2 or 4 GB there.
  private static let unknownLength: Int64 = 0x7FFF_0000

  /// The file ends before its header says; nil if not.
  private(set) var cutOff: String?
  /// The header was written before the length was known.
  private(set) var lengthIsUnknown = false

  init(handle: OpaquePointer) {
    var text = [CChar](repeating: 0, count: 16_384)
    let length = Int(sf_command(handle, Int32(SFC_GET_LOG_INFO), &text, Int32(text.count)))
    let bytes = text.prefix(max(0, min(length, text.count))).map { UInt8(bitPattern: $0) }
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") { note(line) }
  }

  /// Understands `data : 4768 (should be 2956)`.
  private mutating func note(_ line: Substring) {
    let halves = line.split(separator: ":", maxSplits: 1)
    guard halves.count == 2 else { return }
    let numbers = halves[1].split(whereSeparator: { !$0.isNumber }).compactMap { Int64($0) }
    guard Self.sampleChunks.contains(Self.trimmed(halves[0])), let claimed = numbers.first else { return }
    if claimed == 0 || claimed >= Self.unknownLength {
      lengthIsUnknown = true
    } else if numbers.count == 2, halves[1].contains("should be"), claimed > numbers[1] {
      cutOff = "its header promises \(claimed) bytes where \(numbers[1]) are"
    }
  }

  private static func trimmed(_ text: Substring) -> String {
    String(text.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
