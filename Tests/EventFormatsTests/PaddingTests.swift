import EventFormats
import Events
import Testing

/// Zeros that a crash or a block of the disk leaves behind a recording are no events at (0, 0).
@Suite struct PaddingTests {
  private static let sensor = SensorGeometry(width: 128, height: 128)
  private static let words: [(EventFormat, Int)] = [
    (.aedat1, 6), (.aedat2, 8), (.dat1, 8), (.dat2, 8), (.evt2, 4), (.evt21, 8), (.evt3, 2), (.eventStream, 5),
    (.nmnist, 5),
  ]

  @Test(arguments: words)
  func zerosAtTheEndArePadding(format: EventFormat, wordSize: Int) throws {
    let batch = randomEvents(count: 2_000, seed: 7, geometry: Self.sensor, maximumStep: 200)
    let bytes = try written([batch], Target(format: format, name: ""), Self.sensor)
    for words in [2, 3, 100, 40_000] {
      for (pieceSize, maximum) in [(Int.max, 65_536), (997, 100), (7, 64)] where words < 40_000 || pieceSize > 7 {
        let padded = bytes + [UInt8](repeating: 0, count: words * wordSize)
        let reading = try Reading(padded, pieceSize: pieceSize, maximum: maximum)
        #expect(reading.batch == batch, "\(words) words in pieces of \(pieceSize)")
        #expect(reading.accounting.skipped[.padding] == Int64(words))
        #expect(reading.accounting.violations.isEmpty)
        #expect(reading.accounting.bytesRead == Int64(padded.count))
      }
    }
  }

  @Test func zerosThatEndWithinAWordArePaddingToo() throws {
    let batch = randomEvents(count: 20, seed: 7, geometry: Self.sensor, maximumStep: 200)
    let bytes = try written([batch], Target(format: .dat2, name: ""), Self.sensor) + [UInt8](repeating: 0, count: 4099)
    let reading = try Reading(bytes)
    #expect(reading.batch == batch && reading.accounting.violations.isEmpty)
    #expect(reading.accounting.skipped == [.padding: 512])
  }

  /// An event at (0, 0) that became darker is a word of zeros where the low bits of time are zero too.
  @Test(arguments: [EventFormat.evt2, .eventStream])
  func anEventOfZerosAmongOthersIsAnEvent(format: EventFormat) throws {
    let batch = EventBatch(
      times: [100, 128, 128, 130, 192], x: [5, 0, 0, 6, 0], y: [6, 0, 1, 7, 0], polarities: [1, 0, 0, 1, 0])
    let sensor = SensorGeometry(width: 128, height: format == .eventStream ? 1 : 128)
    let flat = EventBatch(
      times: batch.times, x: batch.x, y: format == .eventStream ? [0, 0, 0, 0, 0] : batch.y,
      polarities: batch.polarities)
    let bytes = try written([flat], Target(format: format, name: ""), sensor)
    for pieceSize in [Int.max, 3, 1] { #expect(try Reading(bytes, pieceSize: pieceSize).batch == flat) }
  }

  @Test func zerosInTheMidstAreTheEventsThatTheyAre() throws {
    let events: [UInt8] =
      [4, 0, 0, 0, 7, 0, 0, 0] + [UInt8](repeating: 0, count: 8 * 9_000) + [9, 0, 0, 0, 8, 0, 0, 0]
    let bytes = Array("% Version 2\n".utf8) + [12, 8] + events
    for (pieceSize, maximum) in [(Int.max, 65_536), (1000, 333), (70_000, 7)] {
      let reading = try Reading(bytes, pieceSize: pieceSize, maximum: maximum)
      #expect(reading.batch.times == [4] + [Int64](repeating: 0, count: 9_000) + [9])
      #expect(reading.accounting.skipped.isEmpty)
      #expect(reading.accounting.violations == [.nonMonotonicTime: .init(count: 1, firstByteOffset: 22)])
    }
  }

  @Test func oneWordOfZerosAtTheEndIsAnEventUnlessTimeWouldStepBack() throws {
    func dat(_ records: [[UInt8]]) -> [UInt8] { Array("% Version 2\n".utf8) + [12, 8] + records.flatMap { $0 } }
    let zero = [UInt8](repeating: 0, count: 8)
    #expect(try Reading(dat([zero])).batch.times == [0])
    #expect(try Reading(dat([[0, 0, 0, 0, 1, 0, 0, 0], zero])).batch.times == [0, 0])
    let later = try Reading(dat([[9, 0, 0, 0, 1, 0, 0, 0], zero]))
    #expect(later.batch.times == [9] && later.accounting.skipped == [.padding: 1])
    let late = try Reading(dat([[0, 0, 0, 0xf0, 1, 0, 0, 0], [1, 0, 0, 0xf0, 1, 0, 0, 0], zero]))
    #expect(late.batch.count == 2 && late.accounting.skipped == [.padding: 1])
    let nothing = try Reading(dat([zero, zero]))
    #expect(nothing.batch.isEmpty && nothing.accounting.skipped == [.padding: 2])
  }

  @Test(arguments: [EventFormat.aedat3, .aedat4])
  func zerosBehindAndBetweenPacketsAreNoDamage(format: EventFormat) throws {
    let batch = randomEvents(count: 100, seed: 8, geometry: Self.sensor, maximumStep: 200)
    let target = Target(format: format, name: "") { $0.compression = .lz4 }
    let bytes = try written([batch], target, Self.sensor, canPatch: false)
    for (pieceSize, count) in [(Int.max, 4096), (999, 4096), (13, 200), (Int.max, 5)] {
      let reading = try Reading(bytes + [UInt8](repeating: 0, count: count), pieceSize: pieceSize)
      #expect(reading.batch == batch)
      #expect(reading.accounting.violations.isEmpty)
      #expect(reading.accounting.skipped[.padding] == Int64(count))
    }
    guard format == .aedat3 else { return }
    let header = bytes.count - 100 * 8 - 28
    let twice = bytes + [UInt8](repeating: 0, count: 500) + bytes[header...]
    for pieceSize in [Int.max, 31] {
      let reading = try Reading(twice, pieceSize: pieceSize)
      #expect(reading.batch.count == 200)
      #expect(reading.accounting.skipped == [.padding: 500])
    }
  }

  @Test func zerosBetweenPacketsMayRunIntoTheNextHeader() throws {
    // The header of a special packet of source 0 begins with four zeros of its own.
    let trigger = TriggerEvent(timeMicroseconds: 7, channel: 0, isRising: true)
    var bytes = try written(
      [EventBatch(times: [5], x: [1], y: [2], polarities: [1], triggers: [trigger])], Target(format: .aedat3, name: ""),
      Self.sensor)
    let special = bytes.count - 36
    bytes[special + 2] = 0
    bytes.insert(contentsOf: [UInt8](repeating: 0, count: 100), at: special)
    bytes[special - 34] = 0
    for pieceSize in [Int.max, 1, 30] {
      let reading = try Reading(bytes, pieceSize: pieceSize)
      #expect(reading.batch.triggers == [trigger] && reading.accounting.violations.isEmpty)
      #expect(reading.accounting.skipped == [.padding: 100])
    }
  }
}
