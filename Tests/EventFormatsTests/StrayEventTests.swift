import EventFormats
import Events
import Testing

/// Single events long before a recording must not set its clock or its first step.
@Suite struct StrayEventTests {
  private static let sensor = SensorGeometry(width: 34, height: 34)
  private static let clean: EventBatch = {
    var batch = randomEvents(count: 3_000, seed: 4, geometry: sensor, maximumStep: 150)
    batch.shiftTimes(by: 100_000 - batch.times[0])
    return batch
  }()

  private static func with(_ times: [Int64]) -> EventBatch {
    var batch = EventBatch()
    for time in times { batch.append(Event(timeMicroseconds: time, x: 3, y: 4, polarity: 1)) }
    batch.append(contentsOf: clean)
    return batch
  }

  private static func options(_ origin: TimeOrigin, leavesStraysOut: Bool = true) -> EventReadingOptions {
    var options = EventReadingOptions(geometry: sensor, timeOrigin: origin)
    options.leavesStraysOut = leavesStraysOut
    return options
  }

  @Test(arguments: [EventFormat.evt2, .evt3, .dat2, .nmnist, .aedat2, .aedat4, .eventStream, .csv])
  func strayEventsAreLeftOutAndTimeCountsFromTheOthers(format: EventFormat) throws {
    for strays in [[40_000], [0, 50_000]] as [[Int64]] {
      let bytes = try written([Self.with(strays)], Target(format: format, name: ""), Self.sensor)
      for origin in [TimeOrigin.absolute, .firstEvent] {
        var expected = Self.clean
        if origin == .firstEvent { expected.shiftTimes(by: -100_000) }
        for (pieceSize, maximum) in [(Int.max, 65_536), (7, 1), (64, 5)] {
          let reading = try Reading(bytes, options: Self.options(origin), pieceSize: pieceSize, maximum: maximum)
          #expect(reading.batch == expected)
          #expect(reading.accounting.skipped[.strays] == Int64(strays.count))
          #expect(reading.accounting.events == 3_000)
          #expect(reading.guesses.contains { $0.subject == .origin && $0.value.contains("100000 us") })
        }
      }
      // Whoever converts keeps them, and is told.
      let kept = try Reading(bytes, options: Self.options(.firstEvent, leavesStraysOut: false))
      #expect(kept.batch.count == 3_000 + strays.count && kept.batch.times[0] == 0)
      #expect(kept.accounting.skipped[.strays] == nil)
      #expect(kept.guesses.contains { $0.subject == .origin })
    }
  }

  @Test func aRecordingWithoutStraysIsReadAsItWas() throws {
    let bytes = try written([Self.clean], Target(format: .evt3, name: ""), Self.sensor)
    let reading = try Reading(bytes, options: Self.options(.absolute), maximum: 3)
    #expect(reading.batch == Self.clean && reading.guesses.isEmpty)
    let few = try written([Self.with([40_000]).slice(0..<4)], Target(format: .evt3, name: ""), Self.sensor)
    #expect(try Reading(few, options: Self.options(.firstEvent)).batch.times.first == 0)
    #expect(try Reading(few, options: Self.options(.firstEvent)).batch.count == 4)
  }

  @Test func anErrorAmongTheFirstEventsComesAfterThem() throws {
    let bytes = Array("% evt 2.0\n% end\n".utf8) + [0, 0, 0, 0x80, 1, 0, 0, 0x10, 0, 0, 0, 0x40]
    let reading = try Reading(bytes, options: .init(strictness: .stop))
    #expect(reading.batch.count == 1)
    #expect(reading.error?.byteOffset == 24)
  }
}
