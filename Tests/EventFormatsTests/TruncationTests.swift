import EventFormats
import Events
import TestSupport
import Testing

@Suite struct TruncationTests {
  static let sensor = SensorGeometry(width: 128, height: 128)

  /// A file cut anywhere gives a clean error or the first events of the whole.
  @Test(arguments: Target.inMemory.filter { $0.format != .npz })
  func everyTruncationGivesAnErrorOrAPrefix(target: Target) throws {
    let batch = randomEvents(count: 60, seed: 8, geometry: Self.sensor, maximumStep: 5000)
    let bytes = try written([batch], target, Self.sensor)
    var longest = 0
    for length in 0..<bytes.count {
      var options = EventReadingOptions(format: target.format)
      options.csv.timeColumn = 0
      let source = MemoryByteSource(Array(bytes[..<length]))
      guard var reader = try? openEventReader(source: source, options: options) else { continue }
      let events = try readAllEvents(&reader)
      // The last number of a text may lose digits; what stands before it is a prefix.
      let sure = target.format == .csv ? max(events.count - 1, 0) : events.count
      #expect(events.slice(0..<sure) == batch.slice(0..<sure), "cut at \(length)")
      longest = max(longest, sure)
    }
    // All but what the last word or line makes must have come out at some cut.
    #expect(longest >= 45)
  }

  @Test func aCutWithinAPacketIsReported() throws {
    let batch = randomEvents(count: 60, seed: 8, geometry: Self.sensor, maximumStep: 5000)
    for format in [EventFormat.aedat3, .npy] {
      let bytes = try written([batch], Target(format: format, name: ""), Self.sensor)
      // Exactly between two events.
      let size = format == .aedat3 ? 8 : 13
      let reading = try Reading(Array(bytes.dropLast(size)))
      #expect(reading.batch.count == 59)
      #expect(reading.accounting.violations[.truncatedTail]?.count == 1)
    }
  }

  @Test(arguments: [EventFormat.evt2, .evt3, .dat2, .aedat2, .aedat3])
  func aFileThatEndsWithinItsHeaderIsNamedCut(format: EventFormat) throws {
    let bytes = try written([], Target(format: format, name: ""), Self.sensor)
    // Between two lines as well as within one.
    let lines = bytes.indices.filter { bytes[$0] == 10 }
    for length in [lines[0] + 3, lines[lines.count - 1] - 1] {
      let error = #expect(throws: EventFormatError.self) {
        _ = try Reading(Array(bytes[..<length]), options: .init(format: format))
      }
      #expect(error?.code == .malformedHeader)
      #expect(error?.reason.contains("within its header") == true && error?.remedy.contains("cut") == true)
    }
  }

  @Test func anAEDAT4ThatEndsBeforeItsIndexIsCutEvenBetweenTwoPackets() throws {
    let batch = randomEvents(count: 20_000, seed: 8, geometry: Self.sensor, maximumStep: 5000)
    let target = Target(format: .aedat4, name: "") { $0.compression = .none }
    let bytes = try written([batch], target, Self.sensor)
    #expect(try Reading(bytes).accounting.violations.isEmpty)
    // Packets of 8192, 8192 and 3616 events, and the index.
    let begin = try written([], target, Self.sensor, canPatch: false).count
    for events in [8192, 16_384] {
      let packets = events / 8192
      let reading = try Reading(Array(bytes[..<(begin + packets * 40 + events * 16)]))
      #expect(reading.batch.count == events)
      #expect(reading.accounting.violations[.truncatedTail]?.count == 1)
    }
  }

  @Test func npzCutAnywhereIsAnError() throws {
    let batch = randomEvents(count: 20, seed: 9, geometry: Self.sensor, maximumStep: 50)
    let bytes = try written([batch], Target(format: .npz, name: ""), nil)
    for length in stride(from: 8, to: bytes.count, by: 3) {
      #expect(throws: EventFormatError.self) {
        var reader = try openEventReader(
          source: MemoryByteSource(Array(bytes[..<length])), options: .init(format: .npz))
        _ = try readAllEvents(&reader)
      }
    }
  }
}
