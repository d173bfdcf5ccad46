/// A text whose lines end with a carriage return alone, as those of old spreadsheets do, with the usual ends in their place.
struct LoneReturns: ByteSource {
  let name: String
  var path: String? { nil }
  private var input: InputBuffer

  private static let lineFeed: UInt8 = 10
  private static let carriageReturn: UInt8 = 13

  init(_ input: InputBuffer) {
    self.input = input
    name = input.name
  }

  /// Whether more lines end so than as usual. Where the second half of a usual end is yet to come, the first is an end, too:
  /// an empty line follows, which is none.
  static func endLines(in bytes: [UInt8]) -> Bool {
    guard bytes.contains(carriageReturn) else { return false }
    var (lone, usual) = (0, 0)
    for (index, byte) in bytes.enumerated() {
      if byte == lineFeed { usual += 1 }
      let follows = index + 1 < bytes.count ? bytes[index + 1] : nil
      if byte == carriageReturn, follows != lineFeed, follows != carriageReturn { lone += 1 }
    }
    return lone > usual
  }

  static func replaced(_ bytes: [UInt8]) -> [UInt8] { bytes.map { $0 == carriageReturn ? lineFeed : $0 } }

  mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
    if input.count == 0 { try input.fill(wanted: 1) }
    let count = input.withBytes { bytes in
      let count = min(bytes.count, buffer.count)
      for index in 0..<count { buffer[index] = bytes[index] == Self.carriageReturn ? Self.lineFeed : bytes[index] }
      return count
    }
    input.consume(count)
    return count
  }
}
