import EventFormats
import Events
import Foundation
import TestSupport
import Testing

/// What is written, and how.
struct Target: Sendable, CustomTestStringConvertible {
  var format: EventFormat
  var name: String
  var change: @Sendable (inout EventWritingOptions) -> Void = { _ in }
  var testDescription: String { name }

  func options(_ geometry: SensorGeometry?) -> EventWritingOptions {
    var options = EventWritingOptions(format: format, geometry: geometry)
    change(&options)
    return options
  }

  static let inMemory: [Target] = [
    Target(format: .aedat1, name: "aedat1"), Target(format: .aedat2, name: "aedat2"),
    Target(format: .aedat3, name: "aedat3"),
    Target(format: .aedat4, name: "aedat4 none") { $0.compression = .none },
    Target(format: .aedat4, name: "aedat4 lz4") { $0.compression = .lz4 },
    Target(format: .aedat4, name: "aedat4 lz4-high") { $0.compression = .lz4High },
    Target(format: .aedat4, name: "aedat4 zstd") { $0.compression = .zstd },
    Target(format: .evt2, name: "evt2"), Target(format: .evt21, name: "evt21"),
    Target(format: .evt21, name: "evt21 legacy") { $0.evt21IsLegacy = true }, Target(format: .evt3, name: "evt3"),
    Target(format: .dat1, name: "dat1"), Target(format: .dat2, name: "dat2"),
    Target(format: .eventStream, name: "es"), Target(format: .nmnist, name: "nmnist"),
    Target(format: .csv, name: "csv"), Target(format: .npy, name: "npy"), Target(format: .npz, name: "npz"),
  ]
}

func written(_ batches: [EventBatch], _ target: Target, _ geometry: SensorGeometry?, canPatch: Bool = true) throws
  -> [UInt8]
{
  let sink = MemoryByteSink(canPatch: canPatch)
  var writer = try openEventWriter(sink: sink, options: target.options(geometry))
  for batch in batches { try writer.write(batch) }
  try writer.finish()
  return sink.bytes
}

/// Events from a small congruential generator, sorted in time, many of them in rows as cameras send them.
func randomEvents(count: Int, seed: UInt64, geometry: SensorGeometry, maximumStep: UInt64) -> EventBatch {
  var state = seed
  func next(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }
  var batch = EventBatch()
  var time: Int64 = 0
  while batch.count < count {
    time += Int64(next(Int(maximumStep)))
    let row = next(geometry.height)
    var column = next(geometry.width)
    let polarity = next(2)
    for _ in 0...(next(3) == 0 ? next(40) : 0) where column < geometry.width && batch.count < count {
      batch.append(Event(timeMicroseconds: time, x: UInt16(column), y: UInt16(row), polarity: UInt8(polarity)))
      column += 1 + next(4)
    }
  }
  return batch
}

@Suite struct RoundTripTests {
  static let sensor = SensorGeometry(width: 128, height: 128)

  @Test(arguments: Target.inMemory)
  func whatIsWrittenIsReadBackExactly(target: Target) throws {
    for seed in 1...3 as ClosedRange<UInt64> {
      let batch = randomEvents(count: 20_000, seed: seed, geometry: Self.sensor, maximumStep: seed * 200)
      let bytes = try written([batch.slice(0..<777), batch.slice(777..<20_000)], target, Self.sensor)
      #expect(EventFormat.detect(firstBytes: bytes.prefix(4096)) == target.format)
      let reading = try Reading(bytes, options: .init(geometry: Self.sensor), pieceSize: 4099)
      #expect(reading.error == nil)
      #expect(reading.batch == batch)
      #expect(reading.accounting.violations.isEmpty)
      #expect(reading.accounting.bytesRead == Int64(bytes.count))
    }
  }

  @Test(arguments: [EventFormat.aedat3, .aedat4, .evt2, .evt21, .evt3])
  func triggersAreKept(format: EventFormat) throws {
    var batch = randomEvents(count: 5000, seed: 4, geometry: Self.sensor, maximumStep: 50)
    batch.triggers = (0..<700).map { index in
      TriggerEvent(timeMicroseconds: batch.times[index * 7], channel: 0, isRising: index % 2 == 0)
    }
    let reading = try Reading(written([batch], Target(format: format, name: ""), Self.sensor))
    #expect(reading.batch.triggers == batch.triggers)
    #expect(reading.batch.times == batch.times)
    #expect(reading.accounting.triggers == 700)
  }

  private static func triggers(_ channel: UInt8) -> EventBatch {
    var batch = randomEvents(count: 200, seed: 4, geometry: sensor, maximumStep: 50)
    batch.triggers = [1, 3, 7].map { TriggerEvent(timeMicroseconds: batch.times[$0], channel: channel, isRising: true) }
    return batch
  }

  @Test(arguments: [
    (EventFormat.csv, UInt8(0)), (.dat2, 0), (.aedat2, 0), (.aedat1, 0), (.eventStream, 0), (.nmnist, 0),
    // These hold triggers, but do not tell all inputs apart.
    (.aedat3, 1), (.aedat4, 1), (.evt3, 16), (.evt2, 32), (.evt21, 32),
  ])
  func triggersThatAFormatCannotHoldAreRefusedOrCounted(format: EventFormat, channel: UInt8) throws {
    let batch = Self.triggers(channel)
    let error = #expect(throws: EventFormatError.self) {
      _ = try written([batch], Target(format: format, name: ""), Self.sensor)
    }
    #expect(error?.code == .cannotRepresent && error?.reason.contains("trigger") == true)
    let sink = MemoryByteSink(canPatch: true)
    var options = EventWritingOptions(format: format, geometry: Self.sensor)
    options.dropsTriggers = true
    var writer = try openEventWriter(sink: sink, options: options)
    try writer.write(batch)
    try writer.finish()
    #expect(writer.triggersLeftOut == 3 && writer.count == 200)
    let reading = try Reading(sink.bytes, options: .init(geometry: Self.sensor))
    #expect(reading.batch.times == batch.times && reading.batch.triggers.isEmpty)
  }

  @Test(arguments: [(EventFormat.evt2, UInt8(31)), (.evt21, 31), (.evt3, 15)])
  func theInputOfATriggerIsKept(format: EventFormat, channel: UInt8) throws {
    let batch = Self.triggers(channel)
    let reading = try Reading(written([batch], Target(format: format, name: ""), Self.sensor))
    #expect(reading.batch.triggers == batch.triggers)
  }

  @Test(arguments: [HDF5Layout.columns, .prophesee, .tonic])
  func hdf5IsReadBackExactlyInEveryLayout(layout: HDF5Layout) throws {
    let batch = randomEvents(count: 70_000, seed: 5, geometry: Self.sensor, maximumStep: 90)
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).h5").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    var options = EventWritingOptions(format: .hdf5, geometry: Self.sensor)
    options.hdf5Layout = layout
    var writer = try openEventWriter(path: path, options: options)
    try writer.write(batch.slice(0..<3))
    try writer.write(batch.slice(3..<70_000))
    try writer.finish()
    var reader = try openEventReader(path: path)
    #expect(reader.format == .hdf5)
    #expect(reader.geometry == Self.sensor)
    #expect(try readAllEvents(&reader) == batch)
    // And through a pipe, which is copied to a temporary file.
    let piped = try Reading(Array(try Data(contentsOf: URL(fileURLWithPath: path))), pieceSize: 5000)
    #expect(piped.batch == batch)
  }

  @Test func longSilencesSurviveTheCountersOverflow() throws {
    let times: [Int64] = [5, 20_000_000, 100_000_000, 100_000_001, 3_000_000_000]
    let batch = EventBatch(
      times: times, x: [1, 2, 3, 4, 5], y: [6, 7, 8, 9, 10], polarities: [0, 1, 0, 1, 0])
    for format in [EventFormat.evt2, .evt21, .evt3, .dat2, .eventStream, .aedat3, .aedat4] {
      let reading = try Reading(written([batch], Target(format: format, name: ""), Self.sensor))
      #expect(reading.batch == batch, "\(format)")
    }
  }

  @Test func aPipeGetsAnAEDAT4WithoutIndex() throws {
    let batch = randomEvents(count: 30_000, seed: 6, geometry: Self.sensor, maximumStep: 20)
    let target = Target(format: .aedat4, name: "")
    let reading = try Reading(written([batch], target, Self.sensor, canPatch: false))
    #expect(reading.batch == batch)
    #expect(reading.accounting.violations.isEmpty)
  }

  @Test(arguments: [EventFormat.csv, .npy, .npz, .dat2, .nmnist])
  func triggersAreRefusedOrLeftOutAndCounted(format: EventFormat) throws {
    var batch = EventBatch(times: [5, 6], x: [1, 2], y: [3, 4], polarities: [0, 1])
    batch.triggers = (0..<3).map { TriggerEvent(timeMicroseconds: $0, channel: 0, isRising: true) }
    let target = Target(format: format, name: "") { $0.dropsTriggers = true }
    var refusing = try openEventWriter(
      sink: MemoryByteSink(canPatch: true), options: .init(format: format, geometry: Self.sensor))
    #expect(throws: EventFormatError.self) { try refusing.write(batch) }
    var writer = try openEventWriter(sink: MemoryByteSink(canPatch: true), options: target.options(Self.sensor))
    try writer.write(batch)
    try writer.finish()
    #expect(writer.triggersLeftOut == 3 && writer.count == 2)
  }

  static let refusals: [(EventFormat, EventBatch, SensorGeometry?)] = [
    (.nmnist, EventBatch(times: [9_000_000], x: [0], y: [0], polarities: [0]), sensor),
    (.nmnist, EventBatch(times: [0], x: [300], y: [0], polarities: [0]), nil),
    (.evt3, EventBatch(times: [5, 4], x: [0, 0], y: [0, 0], polarities: [0, 0]), sensor),
    (.evt2, EventBatch(times: [1_600_000_000_000_000], x: [0], y: [0], polarities: [0]), sensor),
    (.evt2, EventBatch(times: [0], x: [2048], y: [0], polarities: [0]), nil),
    (.dat2, EventBatch(times: [5_000_000_000], x: [0], y: [0], polarities: [0]), sensor),
    // Readers would take the second or the third time for a mistake.
    (.dat2, EventBatch(times: [5, 60_000_000, 6], x: [0, 0, 0], y: [0, 0, 0], polarities: [1, 1, 1]), sensor),
    (
      .nmnist, EventBatch(times: [5_000_000, 5, 5_000_100], x: [0, 0, 0], y: [0, 0, 0], polarities: [1, 1, 1]), sensor
    ),
    (
      .aedat2, EventBatch(times: [90_000_000, 5, 90_000_100], x: [0, 0, 0], y: [0, 0, 0], polarities: [1, 1, 1]), sensor
    ),
    (.aedat2, EventBatch(times: [0], x: [128], y: [0], polarities: [0]), sensor),
    (.eventStream, EventBatch(times: [0], x: [0], y: [0], polarities: [0]), nil),
    (.aedat4, EventBatch(times: [0], x: [0], y: [0], polarities: [0]), nil),
    (.evt4, EventBatch(), sensor),
    (
      .csv,
      EventBatch(
        times: [], x: [], y: [], polarities: [],
        triggers: [TriggerEvent(timeMicroseconds: 0, channel: 0, isRising: true)]), sensor
    ),
  ]

  @Test(arguments: refusals)
  func whatAFormatCannotHoldIsRefused(format: EventFormat, batch: EventBatch, geometry: SensorGeometry?) {
    #expect {
      _ = try written([batch], Target(format: format, name: ""), geometry)
    } throws: { error in
      let error = error as? EventFormatError
      return error?.code == .cannotRepresent && error?.remedy.isEmpty == false
    }
  }
}
