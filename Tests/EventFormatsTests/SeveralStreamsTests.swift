import Events
import Testing

@testable import EventFormats

/// Recordings of more than one camera: none may be merged or dropped without a word.
@Suite struct SeveralStreamsTests {
  private static let sensor = SensorGeometry(width: 320, height: 240)

  private static func events(_ count: Int, seed: UInt64) -> EventBatch {
    randomEvents(count: count, seed: seed, geometry: sensor, maximumStep: 90)
  }

  private static let cameras = [events(700, seed: 1), events(300, seed: 2), events(500, seed: 3)]

  /// An AEDAT 4 file with a stream for each camera, triggers of the first among them.
  private static func aedat4(_ compression: AEDAT4Compression) throws -> [UInt8] {
    func node(_ number: Int, _ type: String, _ output: String, _ source: String) -> String {
      """
      <node name="\(number)"><attr key="typeIdentifier">\(type)</attr><attr key="originalOutputName">\(output)</attr>\
      <node name="info"><attr key="sizeX">320</attr><attr key="sizeY">240</attr><attr key="source">\(source)</attr>\
      </node></node>
      """
    }
    let text =
      "<dv version=\"2.0\"><node name=\"outInfo\">"
      + node(0, "EVTS", "left", "DVX1") + node(1, "EVTS", "right", "DVX2") + node(2, "TRIG", "triggers", "DVX1")
      + node(3, "TRIG", "triggers", "DVX2") + node(4, "EVTS", "above", "DVX2") + "</node></dv>"
    var bytes = AEDAT4Header.magic
    bytes += FlatBufferBytes.header(compression: Int32(compression.rawValue), tablePosition: -1, information: text)
    func packet(_ stream: Int32, _ content: [UInt8]) throws {
      let packed = try #require(compress(content, compression))
      for value in [stream, Int32(packed.count)] { withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) } }
      bytes += packed
    }
    for part in 0..<10 {
      for (camera, stream) in [(0, 0), (1, 1), (2, 4)] as [(Int, Int32)] {
        let batch = cameras[camera]
        let range = batch.count / 10 * part..<batch.count / 10 * (part + 1)
        try packet(
          stream, FlatBufferBytes.events(batch.times[range]) { (batch.x[$0], batch.y[$0], batch.polarities[$0]) })
      }
      try packet(2, FlatBufferBytes.triggers([(Int64(part), true)]))
      try packet(3, FlatBufferBytes.triggers([(Int64(100 + part), false)]))
    }
    return bytes
  }

  private static func options(_ stream: String?, surveys: Bool = false) -> EventReadingOptions {
    var options = EventReadingOptions()
    options.stream = stream
    options.surveysStreams = surveys
    return options
  }

  @Test(arguments: [AEDAT4Compression.none, .lz4, .zstd])
  func aStreamOfAnAEDAT4IsChosenByItsNumberOutputOrCamera(compression: AEDAT4Compression) throws {
    let bytes = try Self.aedat4(compression)
    for (name, camera) in [("0", 0), ("left", 0), ("DVX1", 0), ("1", 1), ("right", 1), ("4", 2), ("above", 2)] {
      for pieceSize in [Int.max, 1000] {
        let reading = try Reading(bytes, options: Self.options(name), pieceSize: pieceSize)
        var expected = Self.cameras[camera]
        expected.triggers = reading.batch.triggers
        #expect(reading.batch == expected, "\(name)")
        #expect(reading.accounting.skipped[.otherStreams] == Int64(1500 - expected.count))
        #expect(reading.batch.triggers.map(\.timeMicroseconds) == (0..<10).map { camera == 0 ? $0 : 100 + $0 })
      }
    }
    for (name, word) in [("DVX2", "more than one"), ("5", "no stream"), (nil, "3 streams")] as [(String?, String)] {
      let error = #expect(throws: EventFormatError.self) { try Reading(bytes, options: Self.options(name)) }
      #expect(error?.code == .ambiguous && error?.subject == .stream)
      for part in [word, "left", "right", "above", "DVX1", "320x240"] { #expect(error?.reason.contains(part) == true) }
    }
  }

  @Test func aSurveyListsAllStreamsWithTheirEvents() throws {
    var reader = try openEventReader(
      source: MemoryByteSource(try Self.aedat4(.lz4)), options: Self.options(nil, surveys: true))
    let summary = try RecordingSummary(reading: &reader, source: "x")
    #expect(summary.streams.map(\.name) == ["0", "1", "4"])
    #expect(summary.streams.map(\.events) == [700, 300, 500])
    #expect(summary.streams.map(\.isRead) == [true, false, false])
    #expect(summary.rows.first?.count == 700)
    #expect(summary.guesses.map(\.subject) == [.stream])
  }

  /// Packets of an AEDAT 3.1 file by source, ten events each.
  private static func aedat3(_ sources: [Int], listed: [String], version: String = "3.1") -> [UInt8] {
    var bytes = Array(
      ("#!AER-DAT\(version)\r\n#Format: RAW\r\n" + listed.map { "#\($0)\r\n" }.joined() + "#!END-HEADER\r\n").utf8)
    var next = [Int](repeating: 0, count: 10)
    for source in sources {
      for value in [1, source] { bytes += [UInt8(value), 0] }
      for value in [8, 4, 0, 10, 10, 10] as [UInt32] { withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) } }
      for _ in 0..<10 {
        let index = next[source]
        next[source] += 1
        let data = UInt32(index % 128) << 17 | UInt32(source) << 2 | 3
        for value in [data, UInt32(100 * index)] { withUnsafeBytes(of: value.littleEndian) { bytes += Array($0) } }
      }
    }
    return bytes
  }

  @Test(arguments: [["Source 1: DVS128", "Source 2: DVS128"], []])
  func sourcesOfAnAEDAT3AreNotMerged(listed: [String]) throws {
    let bytes = Self.aedat3([1, 2, 1, 2, 2], listed: listed)
    let error = #expect(throws: EventFormatError.self) { try Reading(bytes) }
    #expect(error?.code == .ambiguous && error?.subject == .stream)
    for (name, count) in [("1", 20), ("2", 30)] {
      let reading = try Reading(bytes, options: Self.options(name), pieceSize: 77)
      #expect(reading.batch.times == (0..<count).map { Int64(100 * $0) })
      #expect(reading.batch.y.allSatisfy { $0 == UInt16(name) })
      #expect(reading.accounting.skipped[.otherStreams] == Int64(50 - count))
      #expect(reading.accounting.violations.isEmpty)
    }
    if !listed.isEmpty {
      #expect(throws: EventFormatError.self) { try Reading(bytes, options: Self.options("DVS128")) }
    }
    let survey = try Reading(bytes, options: Self.options(nil, surveys: true))
    #expect(survey.streams.map(\.events) == [20, 30])
    #expect(survey.batch.count == 20)
  }

  @Test func aSourceThatComesLateIsRefusedWhereItComes() throws {
    let bytes = Self.aedat3([Int](repeating: 1, count: 100) + [3, 1], listed: ["Source 1: DAVIS240C"])
    for pieceSize in [Int.max, 500] {
      let reading = try Reading(bytes, pieceSize: pieceSize)
      #expect(reading.batch.count == 1000)
      #expect(reading.error?.code == .ambiguous && reading.error?.subject == .stream)
      #expect(reading.error?.byteOffset == Int64(bytes.count - 2 * 108))
    }
    #expect(try Reading(bytes, options: Self.options("1")).batch.count == 1010)
    #expect(try Reading(bytes, options: Self.options("1")).geometry == SensorGeometry(width: 240, height: 180))
  }

  @Test func oneSourceOfOneIsNothingToAskAbout() throws {
    let reading = try Reading(Self.aedat3([2, 2], listed: ["Source 2: DVS128"]))
    #expect(reading.batch.count == 20 && reading.streams.isEmpty && reading.guesses.isEmpty)
  }

  @Test func rowsOfAEDAT30CountFromTheBottom() throws {
    let reading = try Reading(Self.aedat3([1], listed: ["Source 1: DVS128"], version: "3.0"))
    #expect(reading.batch.y.allSatisfy { $0 == 126 })
    #expect(reading.guesses.map(\.subject) == [.origin])
    let error = #expect(throws: EventFormatError.self) {
      try Reading(Self.aedat3([1], listed: [], version: "3.0"))
    }
    #expect(error?.subject == .sensor)
  }

  @Test(arguments: [EventFormat.evt2, .evt3, .dat2, .eventStream, .nmnist, .aedat2])
  func aFormatOfOneStreamHasNoneToChoose(format: EventFormat) throws {
    let sensor = SensorGeometry(width: 128, height: 128)
    let bytes = try written(
      [randomEvents(count: 100, seed: 1, geometry: sensor, maximumStep: 50)], Target(format: format, name: ""), sensor)
    var options = Self.options("left")
    options.format = format
    let error = #expect(throws: EventFormatError.self) { try Reading(bytes, options: options) }
    #expect(error?.reason.contains("left") == true)
  }
}
