import CHDF5
import Events
import Foundation
import TestSupport
import Testing

@testable import EventFormats

/// Where HDF5 files keep events, and how.
@Suite struct HDF5LayoutTests {
  static let events = randomEvents(
    count: 300, seed: 13, geometry: SensorGeometry(width: 346, height: 260), maximumStep: 300)

  /// A file with whatever `body` puts into it.
  private func file(_ body: (hid_t) -> Void) throws -> [UInt8] {
    let path = NSTemporaryDirectory() + "layout-\(UUID().uuidString).h5"
    defer { try? FileManager.default.removeItem(atPath: path) }
    withHDF5 {
      let file = H5Fcreate(path, 2, 0, 0)
      body(file)
      H5Fclose(file)
    }
    return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  private func make(group path: String, in file: hid_t) {
    var made = ""
    for part in path.split(separator: "/") {
      made += "/" + part
      if H5Lexists(file, made, 0) <= 0 { H5Gclose(H5Gcreate2(file, made, 0, 0, 0)) }
    }
  }

  /// Writes values of 64 bits, kept as another type where one is named.
  private func write<Value: BitwiseCopyable>(
    _ values: [Value], of extents: [Int]? = nil, as stored: hid_t? = nil, to path: String, in file: hid_t
  ) {
    make(group: path.split(separator: "/").dropLast().joined(separator: "/"), in: file)
    let native = Value.self == Double.self ? hdf5_native_double() : hdf5_native_int64()
    let dimensions = (extents ?? [values.count]).map { hsize_t($0) }
    let space = H5Screate_simple(Int32(dimensions.count), dimensions, nil)
    let dataset = H5Dcreate2(file, path, stored ?? native, space, 0, 0, 0)
    _ = values.withUnsafeBytes { H5Dwrite(dataset, native, 0, 0, 0, $0.baseAddress) }
    H5Dclose(dataset)
    H5Sclose(space)
  }

  private func writeColumns(_ group: String, in file: hid_t) {
    let (t, x, y, p) = Self.events.columns(of: Int64.self)
    for (name, column) in zip("txyp", [t, x, y, p]) { write(column, to: "\(group)/\(name)", in: file) }
  }

  private func read(_ bytes: [UInt8], group: String? = nil, stream: String? = nil) throws -> Reading {
    var options = EventReadingOptions()
    options.group = group
    options.stream = stream
    return try Reading(bytes, options: options, maximum: 100)
  }

  @Test func twoCamerasAreToldApartByGroupOrStream() throws {
    let bytes = try file { file in
      for side in ["left", "right"] {
        writeColumns("prophesee/\(side)", in: file)
        write([1280, 720] as [Int64], to: "prophesee/\(side)/calib/resolution", in: file)
      }
      write([0, 1, 2] as [Int64], to: "ovc/ts", in: file)
    }
    let error = refusal(bytes)
    #expect(error?.code == .ambiguous && error?.subject == .group)
    #expect(error?.reason.contains("prophesee/left, prophesee/right") == true)
    for reading in try [read(bytes, group: "prophesee/left"), read(bytes, group: "right"), read(bytes, stream: "left")]
    {
      #expect(reading.batch == Self.events)
      #expect(reading.geometry == SensorGeometry(width: 1280, height: 720))
      #expect(reading.guessed == [.timeUnit: "us"])
    }
    var options = EventReadingOptions()
    options.group = "middle"
    #expect(refusal(bytes, options)?.subject == .group)
  }

  @Test func theOnlyGroupWithEventsIsFoundAndSaid() throws {
    let bytes = try file { file in
      writeColumns("a/b/camera", in: file)
      // Tables of four that hold no events.
      write((0..<40).map { 0.37 * Double($0) }, of: [10, 4], to: "a/pose", in: file)
      write((0..<40).map { Int64($0 * 7 % 90) }, of: [10, 4], to: "a/boxes", in: file)
    }
    let reading = try read(bytes)
    #expect(reading.batch == Self.events)
    #expect(reading.guessed[.group] == "a/b/camera")
  }

  @Test func tablesHaveTheirColumnsToldByTheirValues() throws {
    let (t, x, y, p) = Self.events.columns(of: Int64.self)
    let rowwise = try file { write(rows([t, x, y, p]), of: [300, 4], to: "events", in: $0) }
    #expect(try read(rowwise).batch == Self.events)
    #expect(try read(rowwise).guessed == [.columns: "t=0 x=1 y=2 p=3", .timeUnit: "us"])
    let turned = try file { write(x + y + t + p, of: [4, 300], to: "events", in: $0) }
    #expect(try read(turned).batch == Self.events)
    #expect(try read(turned).guessed[.columns] == "t=2 x=0 y=1 p=3")
    // Seconds since 1970 beside polarities of -1 and 1.
    let real = Self.events.real
    let since1970 = try file { file in
      let signs = real.p.map { 2 * $0 - 1 }
      let times = real.t.map { $0 + 1_504_645_177 }
      write(rows([real.x, real.y, times, signs]), of: [300, 4], to: "davis/left/events", in: file)
      write([Double](repeating: 0.5, count: 12), of: [3, 2, 2], to: "davis/left/image_raw", in: file)
    }
    let reading = try read(since1970)
    #expect(reading.batch.times == Self.events.times.map { $0 + 1_504_645_177_000_000 })
    #expect(reading.batch.polarities == Self.events.polarities)
    #expect(reading.guessed == [.columns: "t=2 x=0 y=1 p=3", .timeUnit: "s", .group: "davis/left/events"])
  }

  /// MATLAB keeps a column as one row of a table, and puts a header of its own in front.
  @Test func columnsOfMATLABAreRead() throws {
    let (t, x, y, p) = Self.events.columns(of: Int64.self)
    let plain = try file { file in
      for (name, column) in zip(["ts", "x", "y", "p"], [t, x, y, p]) {
        write(column, of: [1, 300], to: "TD/\(name)", in: file)
      }
    }
    #expect(try read(plain).batch == Self.events)
    let path = NSTemporaryDirectory() + "layout-\(UUID().uuidString).mat"
    defer { try? FileManager.default.removeItem(atPath: path) }
    withHDF5 {
      let creation = H5Pcreate(hdf5_file_creation())
      H5Pset_userblock(creation, 512)
      let file = H5Fcreate(path, 2, creation, 0)
      for (name, column) in zip(["ts", "x", "y", "p"], [t, x, y, p]) {
        write(column, of: [300, 1], to: "TD/\(name)", in: file)
      }
      H5Pclose(creation)
      H5Fclose(file)
    }
    var reader = try openEventReader(path: path)
    #expect(try readAllEvents(&reader) == Self.events)
  }

  @Test func polaritiesWithoutTheirSignAreDarker() throws {
    let bytes = try file { file in
      writeColumns("events", in: file)
      H5Ldelete(file, "events/p", 0)
      let unsigned = Self.events.polarities.map { $0 == 1 ? 1 : Int64(UInt32.max) }
      write(unsigned, as: hdf5_native_uint32(), to: "events/p", in: file)
    }
    #expect(try read(bytes).batch == Self.events)
    #expect(try read(bytes).guessed[.polarity] == "4294967295 for darker")
  }

  @Test func unitsAndOffsetsHoldForWholeNumbersToo() throws {
    let bytes = try file { file in
      writeColumns("events", in: file)
      write([5_000_000] as [Int64], to: "t_offset", in: file)
    }
    var options = EventReadingOptions()
    options.timeUnit = .nanoseconds
    let reading = try Reading(bytes, options: options)
    #expect(
      reading.batch.times == Self.events.times.map { 5000 + Int64((Double($0) / 1000).rounded(.toNearestOrEven)) })
  }

  @Test func aResolutionOfHeightAndWidthIsTurned() throws {
    let bytes = try file { file in
      writeColumns("events", in: file)
      var count: hsize_t = 2
      let space = H5Screate_simple(1, &count, nil)
      let attribute = H5Acreate2(file, "sensor_resolution", hdf5_native_int64(), space, 0, 0)
      H5Awrite(attribute, hdf5_native_int64(), [260, 346] as [Int64])
      H5Aclose(attribute)
      H5Sclose(space)
    }
    let reading = try read(bytes)
    #expect(reading.geometry == SensorGeometry(width: 346, height: 260))
    #expect(reading.guessed[.sensor] == "346x260")
  }

  @Test(arguments: [1, 64, 1000]) func triggersComeAmongTheEvents(maximum: Int) throws {
    let times = (0..<700).map { Self.events.times[$0 * 2 % 300 / 10 * 10] }.sorted()
    let triggers = times.enumerated().map { index, time in
      TriggerEvent(timeMicroseconds: time, channel: 5, isRising: index % 2 == 0)
    }
    var batch = Self.events
    batch.triggers = triggers
    for layout in HDF5Layout.allCases {
      let path = NSTemporaryDirectory() + "triggers-\(UUID().uuidString).h5"
      defer { try? FileManager.default.removeItem(atPath: path) }
      var options = EventWritingOptions(format: .hdf5)
      options.hdf5Layout = layout
      var writer = try openEventWriter(path: path, options: options)
      try writer.write(batch)
      try writer.finish()
      var reader = try openEventReader(path: path)
      var all = EventBatch()
      var part = EventBatch()
      while try reader.read(into: &part, maximum: maximum) {
        if let last = part.times.last, let trigger = part.triggers.last, part.count == maximum,
          all.count + part.count < 300
        {
          #expect(trigger.timeMicroseconds <= last)
        }
        all.append(contentsOf: part)
      }
      #expect(all == batch)
      #expect(reader.accounting.triggers == 700)
    }
  }
}
