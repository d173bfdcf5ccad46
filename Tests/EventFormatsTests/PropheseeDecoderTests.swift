import EventFormats
import Events
import Testing

@Suite struct PropheseeDecoderTests {
  func evt3(_ words: [UInt16], strictness: EventStrictness = .report, maximum: Int = 1000) throws -> Reading {
    let bytes = Array("% evt 3.0\n% end\n".utf8) + words.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    return try Reading(MemoryByteSource(bytes), options: .init(strictness: strictness), maximum: maximum)
  }

  @Test func vectorsExpandAndAdvanceTheBase() throws {
    let reading = try evt3([0x8001, 0x6005, 0x0007, 0x3800 | 100, 0x4801, 0x4001, 0x5081, 0x2803], maximum: 2)
    #expect(reading.batch.times == [4101, 4101, 4101, 4101, 4101, 4101])
    #expect(reading.batch.x == [100, 111, 112, 124, 131, 3])
    #expect(reading.batch.y == [7, 7, 7, 7, 7, 7])
    #expect(reading.batch.polarities == [1, 1, 1, 1, 1, 1])
    #expect(reading.accounting.violations.isEmpty)
  }

  @Test func aVectorCutShortSwallowsNothing() throws {
    // One mask of twelve, then a high time: both count.
    let reading = try evt3([0x8001, 0x6000, 0x0001, 0x3000, 0x4001, 0x8002, 0x6009, 0x2005])
    #expect(reading.batch.times == [4096, 8201])
    #expect(reading.batch.x == [0, 5])
    #expect(reading.accounting.violations == [.partialVector: .init(count: 1, firstByteOffset: 16 + 10)])
  }

  @Test func eventsWithoutTimeOrRowAreDroppedAndCounted() throws {
    let reading = try evt3([0x2001, 0x0003, 0x2001, 0x8000, 0x2002, 0x4001])
    #expect(reading.batch.x == [2])
    #expect(
      reading.accounting.violations
        == [
          .eventBeforeTime: .init(count: 2, firstByteOffset: 16),
          .missingVectorBase: .init(count: 1, firstByteOffset: 26),
          .partialVector: .init(count: 1, firstByteOffset: 28),
        ].filter { $0.key != .partialVector })
    #expect(try evt3([0x8000, 0x6001, 0x2001]).accounting.violations[.missingRow]?.count == 1)
  }

  @Test func theCounterOf24BitsIsUnrolled() throws {
    let reading = try evt3([0x8fff, 0x6fff, 0x0001, 0x2001, 0x8000, 0x6000, 0x2002])
    #expect(reading.batch.times == [16_777_215, 16_777_216])
    let back = try evt3([0x8010, 0x6000, 0x0001, 0x2001, 0x800f, 0x2002])
    #expect(back.batch.times == [65536, 61440])
    #expect(back.accounting.violations[.nonMonotonicTimeHigh]?.count == 1)
    #expect(back.accounting.violations[.nonMonotonicTime]?.count == 1)
  }

  @Test func lowTimeJitterIsNoViolationButARestartIs() throws {
    #expect(try evt3([0x8001, 0x6320, 0x0001, 0x2001, 0x8002, 0x6020, 0x6010, 0x2002]).accounting.violations.isEmpty)
    let lost = try evt3([0x8001, 0x6f00, 0x0001, 0x2001, 0x6010, 0x2002])
    #expect(lost.accounting.violations[.missingTimeHigh] == .init(count: 1, firstByteOffset: 24))
  }

  @Test func manyTriggersBeforeAnEventOutsideTheSensor() throws {
    // Found by fuzzing: the place of the event was looked for with a table of triggers that was full already.
    var words: [UInt16] = [0x8001, 0x6000, 0x0001, 0x2005]
    words += [UInt16](repeating: 0xa101, count: 600)
    words.insert(0x2fff, at: 100)
    let bytes =
      Array("% evt 3.0\n% geometry 64x64\n% end\n".utf8) + words.flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    let reading = try Reading(bytes)
    #expect(reading.batch.triggers.count == 600)
    #expect(reading.batch.x == [5])
    #expect(reading.accounting.violations[.addressOutOfRange]?.count == 1)
    #expect(reading.accounting.violations[.addressOutOfRange]?.firstByteOffset == Int64(bytes.count - 2 * 505))
  }

  @Test func stopEndsAtTheVeryWord() throws {
    let reading = try evt3([0x8001, 0x6000, 0x0001, 0x2001, 0x1000, 0x2002], strictness: .stop)
    #expect(reading.batch.x == [1])
    #expect(reading.error?.code == .violation)
    #expect(reading.error?.byteOffset == 24)
  }

  func evt4(_ words: [UInt32]) throws -> Reading {
    let bytes =
      Array("% evt 4.0\n% end\n".utf8)
      + words.flatMap { word in (0..<4).map { UInt8(word >> UInt32(8 * $0) & 0xff) } }
    return try Reading(MemoryByteSource(bytes, pieceSize: 5), maximum: 3)
  }

  @Test func evt4WordsVectorsAndPadding() throws {
    let reading = try evt4([
      0xb000_0001, 0xe000_0002, 0xb000_0000 | 3 << 22 | 10 << 11 | 20, 0xa000_0000 | 4 << 22 | 11 << 11 | 21,
      0xffff_ffff, 0xd000_0000 | 5 << 22 | 64 << 11 | 22, 0x8000_0003, 0x9000_0000 | 6 << 22 | 2 << 8 | 1,
      0x6000_0014, 0x7000_0000, 0x1000_0000,
    ])
    #expect(reading.batch.times == [131, 132, 133, 133, 133])
    #expect(reading.batch.x == [10, 11, 64, 65, 95])
    #expect(reading.batch.y == [20, 21, 22, 22, 22])
    #expect(reading.batch.polarities == [1, 0, 1, 1, 1])
    #expect(reading.batch.triggers == [TriggerEvent(timeMicroseconds: 134, channel: 2, isRising: true)])
    #expect(reading.accounting.skipped == [.time: 1, .padding: 1, .other: 1, .continued: 1])
    #expect(reading.accounting.violations[.eventBeforeTime]?.count == 1)
    #expect(reading.accounting.violations[.unknownWord]?.count == 1)
  }

  @Test func evt2DropsNothingButWhatHasNoTime() throws {
    let words: [UInt32] = [0x1000_0001, 0x8000_0001, 0x1000_0002, 0xa040_0101, 0xe000_0000, 0xf000_0000, 0x4000_0000]
    let bytes =
      Array("% evt 2.0\n".utf8) + words.flatMap { word in (0..<4).map { UInt8(word >> UInt32(8 * $0) & 0xff) } }
    let reading = try Reading(bytes)
    #expect(reading.batch.times == [64])
    #expect(reading.batch.triggers == [TriggerEvent(timeMicroseconds: 65, channel: 1, isRising: true)])
    #expect(reading.accounting.skipped == [.time: 1, .other: 1, .continued: 1])
    #expect(reading.accounting.violations[.eventBeforeTime] == .init(count: 1, firstByteOffset: 10))
    #expect(reading.accounting.violations[.unknownWord] == .init(count: 1, firstByteOffset: 34))
  }
}
