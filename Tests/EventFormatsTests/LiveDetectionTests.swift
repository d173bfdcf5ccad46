import EventFormats
import Events
import Testing

/// A recording that somebody is still writing is recognised as soon as what is there tells its format.
@Suite struct LiveDetectionTests {
  /// Gives some bytes and fails where more are asked for: a live source would be waited for there.
  private struct Growing: ByteSource {
    var bytes: [UInt8]
    var name: String { "growing" }
    var path: String? { nil }

    mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(EventFormatError) -> Int {
      guard !bytes.isEmpty else {
        throw EventFormatError(.inputOutput, source: name, reason: "is waited for", remedy: "none")
      }
      let count = min(buffer.count, bytes.count, 7)
      buffer.copyBytes(from: bytes.prefix(count))
      bytes.removeFirst(count)
      return count
    }
  }

  /// Format and events of what is there already; nil where more is waited for.
  private func read(_ bytes: [UInt8], _ options: EventReadingOptions = .init()) throws -> (EventFormat, Int)? {
    var options = options
    options.isLive = true
    do {
      var reader = try openEventReader(source: Growing(bytes: bytes), options: options)
      var batch = EventBatch()
      var count = 0
      while (try? reader.read(into: &batch, maximum: 100)) ?? false { count += batch.count }
      return (reader.format, count)
    } catch {
      guard error.code == .inputOutput else { throw error }
      return nil
    }
  }

  private func expect(
    _ bytes: [UInt8], _ format: EventFormat, _ count: Int, _ options: EventReadingOptions = .init()
  ) throws {
    let found = try #require(try read(bytes, options))
    #expect(found.0 == format)
    #expect(found.1 == count)
  }

  /// A time, a row and forty events.
  private static let evt3: [UInt8] = {
    var words: [UInt16] = [0x8001, 0x6001, 0x0002]
    for x: UInt16 in 0..<40 { words.append(0x2000 | x) }
    var bytes: [UInt8] = []
    for word in words {
      bytes.append(UInt8(word & 0xff))
      bytes.append(UInt8(word >> 8))
    }
    return bytes
  }()

  @Test func aHeaderIsEnough() throws {
    let raw = Array("% evt 3.0\n% geometry 640x480\n% end\n".utf8) + Self.evt3
    try expect(raw, .evt3, 40)
    var aedat = Array("#!AER-DAT2.0\r\n# AEChip: DAVIS240C\r\n".utf8)
    for time: UInt8 in 0..<40 {
      let record: [UInt8] = [0x01, 0x40, 0x58, 0, 0, 0, 0, time]
      aedat.append(contentsOf: record)
    }
    try expect(aedat, .aedat2, 40)
  }

  @Test func aHeaderThatGoesOnIsWaitedFor() throws {
    // What follows may name another format.
    #expect(try read(Array("% version 2\n".utf8)) == nil)
    #expect(try read(Array("% version 2\n% evt".utf8)) == nil)
    let raw = Array("% version 2\n% evt 3.0\n".utf8) + Self.evt3
    try expect(raw, .evt3, 40)
  }

  @Test func aTextIsRecognisedByWholeLines() throws {
    #expect(try read(Array("t,x,y,p\n".utf8)) == nil)
    let named = Array("t,x,y,p\n100,5,6,1\n200,6,7,0\n300,7,".utf8)
    try expect(named, .csv, 2)
    // Without names the values have to tell, for which a few rows are not enough.
    func rows(_ count: Int) -> [UInt8] {
      var text = ""
      for row in 0..<count {
        let (x, y) = (row * 7 % 30, row * 11 % 30)
        text += "0.0\(1000 + 13 * row) \(x) \(y) \(row % 2)\n"
      }
      return Array(text.utf8)
    }
    #expect(try read(rows(5)) == nil)
    try expect(rows(20), .csv, 20)
    var options = EventReadingOptions()
    options.csv = CSVOptions(columns: "0,1,2,3") ?? CSVOptions()
    options.timeUnit = .seconds
    try expect(rows(2), .csv, 2, options)
  }

  @Test func whatHasNoSignatureTakesMore() throws {
    var records: [UInt8] = []
    for index in 0..<200 {
      let (x, y) = (UInt8(index % 34), UInt8(index / 34))
      let (high, low) = (UInt8(index / 100), UInt8(index % 100))
      let record: [UInt8] = [x, y, 0, high, low]
      records.append(contentsOf: record)
    }
    #expect(try read(Array(records.prefix(100))) == nil)
    try expect(records, .nmnist, 200)
    var options = EventReadingOptions()
    options.format = .nmnist
    try expect(Array(records.prefix(100)), .nmnist, 20, options)
  }
}
