import EventFormats
import Events
import Testing

/// One wrong time must not look like the counter running over, which would shift all that follows.
@Suite struct TimeGlitchTests {
  private static func bytes(_ value: UInt32, big: Bool = false) -> [UInt8] {
    (0..<4).map { UInt8(value >> UInt32(8 * (big ? 3 - $0 : $0)) & 0xff) }
  }

  /// A recording of events at some raw times, one each, in a format whose records hold the time.
  private static func records(_ times: [UInt32], _ format: EventFormat) -> [UInt8] {
    switch format {
    case .dat2: Array("% Version 2\n".utf8) + [12, 8] + times.flatMap { bytes($0) + bytes(5 | 6 << 14) }
    case .aedat2:
      Array("#!AER-DAT2.0\r\n# AEChip: DVS128\r\n".utf8)
        + times.flatMap { bytes(0x0203, big: true) + bytes($0, big: true) }
    case .aedat1: Array("#!AER-DAT1.0\r\n".utf8) + times.flatMap { [2, 3] + bytes($0, big: true) }
    default: times.flatMap { [1, 2] + bytes($0, big: true)[1...] }
    }
  }

  private static func read(_ times: [UInt32], _ format: EventFormat) throws -> Reading {
    let bytes = records(times, format)
    let reading = try Reading(bytes, options: .init(format: format))
    for (pieceSize, maximum) in [(1, 7), (13, 1), (997, 600)] {
      let other = try Reading(bytes, options: .init(format: format), pieceSize: pieceSize, maximum: maximum)
      #expect(other.batch == reading.batch && other.accounting == reading.accounting)
    }
    return reading
  }

  private static let formats: [(EventFormat, Int64)] = [
    (.dat2, 1 << 32), (.aedat2, 1 << 32), (.aedat1, 1 << 32), (.nmnist, 1 << 23),
  ]

  @Test(arguments: formats, [1, 30, 511, 512, 1500])
  func aWrongTimeIsCountedAndTheOthersAreRight(format: (EventFormat, Int64), place: Int) throws {
    // Far enough from zero that the way back to it is no step of a stream.
    let start = format.1 > 1 << 30 ? 50_000_000 : 5_000_000
    let steady = (0..<2000).map { UInt32(start + 20 * $0) }
    for wrong in [format.1 - 100, format.1 - 900_000, 10, 0] as [Int64] {
      for run in [1, 3] {
        var times = steady
        for index in place..<place + run { times[index] = UInt32(wrong) + UInt32(index % 2) }
        let reading = try Self.read(times, format.0)
        var expected = steady.map { Int64($0) }
        for index in place..<place + run { expected[index] = expected[place - 1] }
        let bytes = Self.records(times, format.0)
        let size = format.0 == .nmnist ? 5 : format.0 == .aedat1 ? 6 : 8
        let first = Int64(bytes.count - size * (2000 - place))
        #expect(reading.batch.times == expected, "\(wrong) at \(place)")
        #expect(reading.accounting.violations == [.timeGlitch: .init(count: Int64(run), firstByteOffset: first)])
      }
    }
  }

  @Test(arguments: formats)
  func theCounterStillRunsOver(format: (EventFormat, Int64)) throws {
    // Also with a pause about the end, with events out of order there, and twice.
    let steps: [Int64] = [100, 100, 480, 40, -40, 50, 1_000_000, -20, 700_000, 5]
    var time = format.1 - 700
    var times: [Int64] = []
    for round in 0..<2 {
      for step in steps {
        times.append(time)
        time += step
      }
      time = (Int64(round) + 2) * format.1 - 700
    }
    let reading = try Self.read(times.map { UInt32($0 % format.1) }, format.0)
    // Between the two rounds the counter passes its whole range in one step, which nothing tells.
    let lost = times.enumerated().map { $1 - ($0 < steps.count ? 0 : format.1) }
    #expect(reading.batch.times == lost)
    #expect(Set(reading.accounting.violations.keys).isSubset(of: [.nonMonotonicTime]))
  }

  @Test func aLongSilenceIsNoMistake() throws {
    for times in [[5, 20_000_000, 3_000_000_000], [5, 3_000_000_000, 3_000_000_010, 3_000_000_020]] as [[UInt32]] {
      let reading = try Self.read(times, .dat2)
      #expect(reading.batch.times == times.map { Int64($0) } && reading.accounting.violations.isEmpty)
    }
    // Through the end of the counter, as far as it can be told.
    let reading = try Self.read([4_000_000_000, 4_000_000_010, 7, 8, 9, 10], .dat2)
    #expect(reading.batch.times == [4_000_000_000, 4_000_000_010] + (7...10).map { (1 << 32) + $0 })
  }

  @Test func aWrongFirstTimeShiftsNothing() throws {
    let reading = try Self.read([3_900_000_000, 5_000, 5_100, 5_200, 5_300, 5_400], .dat2)
    #expect(reading.batch.times == [3_900_000_000, 5_000, 5_100, 5_200, 5_300, 5_400])
    #expect(reading.accounting.violations.keys.sorted { $0.rawValue < $1.rawValue } == [.nonMonotonicTime])
  }

  @Test func strictReadingStopsThere() throws {
    for format in [EventFormat.dat2, .aedat2, .nmnist] {
      var times = (0..<1000).map { UInt32(1_000_000 + 20 * $0) }
      let bytes = Self.records(times, format)
      times[600] = format == .nmnist ? 5_000_000 : 3_999_999_999
      let stopped = try Reading(Self.records(times, format), options: .init(format: format, strictness: .stop))
      #expect(stopped.batch.count == 600)
      #expect(stopped.error?.code == .violation)
      #expect(stopped.error?.byteOffset == Int64(bytes.count - 400 * (format == .nmnist ? 5 : 8)))
    }
  }

  @Test func triggersOfADATAreHeldToTheSame() throws {
    let times: [UInt32] = [100, 200, 3_900_000_000, 300, 400]
    let bytes = Array("% Version 2\n".utf8) + [14, 8] + times.flatMap { Self.bytes($0) + Self.bytes(1 | 2 << 8) }
    let reading = try Reading(bytes)
    #expect(reading.batch.triggers.map(\.timeMicroseconds) == [100, 200, 200, 300, 400])
    #expect(reading.accounting.violations[.timeGlitch]?.count == 1)
  }

  /// Packets of four events of an AEDAT 3.1 file, by the overflow count in their headers.
  private static func aedat3(_ overflows: [UInt32]) -> [UInt8] {
    Array("#!AER-DAT3.1\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n".utf8)
      + overflows.enumerated().flatMap { index, overflow in
        ([1 | 1 << 16, 8, 4, overflow, 4, 4, 4] as [UInt32]).flatMap { bytes($0) }
          + (0..<4).flatMap { bytes(3) + bytes(UInt32(100 * index + $0)) }
      }
  }

  @Test func aWrongOverflowCountOfAPacketIsTakenAsTheOneBefore() throws {
    for wrong in [3, 4_000_000_000, 0] as [UInt32] {
      let bytes = Self.aedat3([1, 1, wrong, 1, 1, 2])
      for pieceSize in [Int.max, 1, 61] {
        let reading = try Reading(bytes, pieceSize: pieceSize, maximum: 3)
        var times: [Int64] = []
        for (index, overflow) in ([1, 1, 1, 1, 1, 2] as [Int64]).enumerated() {
          for event in 0..<4 { times.append(overflow << 31 + Int64(100 * index + event)) }
        }
        #expect(reading.batch.times == times)
        let place = Int64(bytes.count - 4 * 60)
        #expect(reading.accounting.violations == [.timeGlitch: .init(count: 1, firstByteOffset: place)])
      }
    }
    // Two packets that agree are a clock that was set.
    let set = try Reading(Self.aedat3([1, 5, 5, 6]), pieceSize: 7)
    #expect(set.batch.times[4] == 5 << 31 + 100 && set.accounting.violations.isEmpty)
  }

  // MARK: Words of high time

  private static func words(_ format: EventFormat, _ highs: [UInt32]) -> [UInt8] {
    switch format {
    case .evt2:
      Array("% evt 2.0\n% end\n".utf8) + highs.flatMap { bytes(0x8000_0000 | $0) + bytes(0x1040_0001) }
    case .evt21:
      Array("% evt 2.1\n% endianness little\n% end\n".utf8)
        + highs.flatMap { bytes(0) + bytes(0x8000_0000 | $0) + bytes(1) + bytes(0x1040_0001) }
    default:
      Array("% evt 4.0\n% end\n".utf8) + highs.flatMap { bytes(0xe000_0000 | $0) + bytes(0xb040_0001) }
    }
  }

  @Test(arguments: [EventFormat.evt2, .evt21, .evt4])
  func aWrongWordOfHighTimeIsLeftOut(format: EventFormat) throws {
    for wrong in [0x0fff_ff00, 0x0fff_0000, 3_000_000, 7] as [UInt32] {
      var highs = (0..<200).map { UInt32(1_000_000 + $0) }
      highs[70] = wrong
      let bytes = Self.words(format, highs)
      var expected = (0..<200).map { Int64(1_000_000 + $0) << 6 + 1 }
      expected[70] = expected[69]
      let size = format == .evt21 ? 16 : 8
      for pieceSize in [Int.max, 3, 64] {
        let reading = try Reading(bytes, pieceSize: pieceSize)
        #expect(reading.batch.times == expected, "\(wrong)")
        let place = Int64(bytes.count - size * 130)
        #expect(reading.accounting.violations == [.timeGlitch: .init(count: 1, firstByteOffset: place)])
      }
    }
  }

  @Test(arguments: [EventFormat.evt2, .evt21, .evt4])
  func wordsOfHighTimeRunOver(format: EventFormat) throws {
    let highs = (0..<100).map { UInt32((Int64(1 << 28) - 50 + $0) % (1 << 28)) }
    let reading = try Reading(Self.words(format, highs), pieceSize: 7)
    #expect(reading.batch.times == (0..<100).map { (Int64(1 << 28) - 50 + $0) << 6 + 1 })
    #expect(reading.accounting.violations.isEmpty)
  }

  /// A word of high time, a low one and an event in row 1 for each step of 4096 us.
  private static func evt3(_ highs: [UInt16]) -> [UInt8] {
    Array("% evt 3.0\n% end\n".utf8)
      + highs.flatMap { high in [0x8000 | high, 0x6005, 0x0001, 0x2001] as [UInt16] }
      .flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
  }

  @Test func aWrongWordOfHighTimeInEVT3ShiftsNothingBehindIt() throws {
    // The counter has 12 bits: wherever it goes, it comes back.
    for first in [10, 2000] as [Int64] {
      for wrong in [4090, 3000, 1500, 5] as [UInt16] {
        var highs = (0..<60).map { UInt16(first) + UInt16($0) }
        highs[20] = wrong
        for pieceSize in [Int.max, 1, 16] {
          let reading = try Reading(Self.evt3(highs), pieceSize: pieceSize)
          let expected = (0..<60).map { (first + $0) << 12 + 5 }
          #expect(Array(reading.batch.times[..<20]) == Array(expected[..<20]))
          #expect(Array(reading.batch.times[21...]) == Array(expected[21...]), "\(wrong) after \(first)")
          #expect(!reading.accounting.violations.isEmpty)
        }
      }
    }
    let clean = try Reading(Self.evt3((0..<9000).map { UInt16($0 & 0xfff) }), pieceSize: 4097)
    #expect(clean.batch.times == (0..<9000).map { Int64($0) << 12 + 5 } && clean.accounting.violations.isEmpty)
  }

  @Test func triggersBeforeAnyTimeAreCounted() throws {
    let bytes =
      Array("% evt 3.0\n% end\n".utf8)
      + ([0xa101, 0x8001, 0x6000, 0xaf01] as [UInt16]).flatMap { [UInt8($0 & 0xff), UInt8($0 >> 8)] }
    let reading = try Reading(bytes)
    #expect(reading.batch.triggers == [TriggerEvent(timeMicroseconds: 4096, channel: 15, isRising: true)])
    #expect(reading.accounting.violations == [.eventBeforeTime: .init(count: 1, firstByteOffset: 16)])
  }
}
