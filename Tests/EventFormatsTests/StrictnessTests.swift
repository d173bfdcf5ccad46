import EventFormats
import Events
import Testing

@Suite struct StrictnessTests {
  /// Five-byte records of a sensor of 34x34, every second one brighter, one event a step.
  func records(_ times: [Int], x: Int = 3) -> [UInt8] {
    times.enumerated().flatMap { index, time -> [UInt8] in
      [
        UInt8(x + index % 2), 5, UInt8(time >> 16 & 0x7f | (index % 2) << 7), UInt8(time >> 8 & 0xff),
        UInt8(time & 0xff),
      ]
    }
  }

  @Test func timeGoingBackIsCountedWithItsOffset() throws {
    var times = Array(stride(from: 0, to: 4000, by: 100))
    times[20] = 1000
    let options = EventReadingOptions(format: .nmnist)
    let reading = try Reading(records(times), options: options)
    #expect(reading.batch.times == times.map(Int64.init))
    #expect(reading.accounting.violations == [.nonMonotonicTime: .init(count: 1, firstByteOffset: 100)])
  }

  @Test func stopDeliversWhatCameBeforeAndThrowsWithPlace() throws {
    var times = Array(stride(from: 0, to: 4000, by: 100))
    times[20] = 1000
    let reading = try Reading(records(times), options: .init(format: .nmnist, strictness: .stop), maximum: 7)
    #expect(reading.batch.times == times[..<20].map(Int64.init))
    #expect(reading.error?.code == .violation)
    #expect(reading.error?.byteOffset == 100)
    #expect(reading.error?.source == "memory")
  }

  /// A file of EVT 2.0 without a header of its own worth: words in the order given.
  private func evt2(_ words: [UInt32]) -> [UInt8] {
    Array("% evt 2.0\n% end\n".utf8) + words.flatMap { word in (0..<4).map { UInt8(word >> (8 * $0) & 0xff) } }
  }

  @Test(arguments: [Int.max, 1]) func stopDeliversNothingAfterAFirstWordThatIsWrong(pieceSize: Int) throws {
    // An event before any time, then a time and an event that is in order.
    let bytes = evt2([0x1000_1002, 0x8000_0001, 0x1080_1002])
    let reported = try Reading(bytes, pieceSize: pieceSize)
    #expect(reported.batch.times == [66])
    let stopped = try Reading(bytes, options: .init(strictness: .stop), pieceSize: pieceSize)
    #expect(stopped.batch.isEmpty)
    #expect(stopped.error?.byteOffset == 16)
  }

  @Test(arguments: [Int.max, 1]) func triggersBeforeTheFirstEventCountFromItToo(pieceSize: Int) throws {
    // Triggers at 64 and 70, an event at 100, a trigger at 110.
    let words: [UInt32] = [0x8000_0001, 0xA000_0001, 0xA180_0000, 0x1900_1002, 0xAB80_0001]
    let options = EventReadingOptions(timeOrigin: .firstEvent)
    let reading = try Reading(evt2(words), options: options, pieceSize: pieceSize)
    #expect(reading.batch.times == [0])
    #expect(reading.batch.triggers.map(\.timeMicroseconds) == [-36, -30, 10])
    // Without any event, the first trigger is the origin.
    let alone = try Reading(evt2(Array(words[..<3])), options: options, pieceSize: pieceSize)
    #expect(alone.batch.triggers.map(\.timeMicroseconds) == [0, 6])
  }

  @Test func ignoreDeliversTheSameWithoutCounting() throws {
    var times = Array(stride(from: 0, to: 4000, by: 100))
    times[20] = 1000
    let reading = try Reading(records(times), options: .init(format: .nmnist, strictness: .ignore))
    #expect(reading.batch.times == times.map(Int64.init))
    #expect(reading.accounting.violations.isEmpty)
  }

  @Test func eventsOutsideTheSensorAreDroppedAndCounted() throws {
    var bytes = records(Array(stride(from: 0, to: 4000, by: 100)))
    bytes[5 * 11] = 40
    bytes[5 * 13 + 1] = 34
    let options = EventReadingOptions(format: .nmnist, geometry: SensorGeometry(width: 34, height: 34))
    let reading = try Reading(bytes, options: options)
    #expect(reading.batch.count == 38)
    #expect(!reading.batch.times.contains(1100) && !reading.batch.times.contains(1300))
    #expect(reading.accounting.violations == [.addressOutOfRange: .init(count: 2, firstByteOffset: 55)])
  }

  @Test func leftOverBytesAreATruncatedTail() throws {
    let bytes = Array(try Fixture.bytes("gesture_evt2.raw").dropLast(3))
    let reading = try Reading(bytes)
    #expect(reading.batch.count == 4095)
    #expect(reading.accounting.tailBytes == 1)
    #expect(reading.accounting.violations[.truncatedTail]?.firstByteOffset == Int64(bytes.count - 1))
  }
}
