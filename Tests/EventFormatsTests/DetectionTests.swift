import EventFormats
import Events
import Foundation
import Testing

@Suite struct DetectionTests {
  @Test func fiveByteRecordsAreRecognisedWithoutHeader() throws {
    for name in ["nmnist_60001.bs2", "gesture.bs2"] {
      #expect(EventFormat.detect(firstBytes: try Fixture.bytes(name)) == .nmnist)
    }
    // Also from the little that a slow pipe gives first.
    #expect(EventFormat.detect(firstBytes: try Fixture.bytes("nmnist_60001.bs2").prefix(83)) == .nmnist)
  }

  /// Records of five bytes: column, row, time.
  private func records(_ events: [(x: Int, y: Int, time: Int)]) -> [UInt8] {
    events.flatMap { [$0.x, $0.y, $0.time >> 16 & 0x7f, $0.time >> 8 & 0xff, $0.time & 0xff].map { UInt8($0) } }
  }

  @Test func fiveByteRecordsMayBeginWithAnySign() throws {
    // A per cent sign begins Prophesee's headers, a hash sign jAER's.
    for first in [37, 35, 0, 80, 137] {
      let bytes = records((0..<40).map { (($0 * 7 + first) % 240, $0 * 5 % 180, 100 + $0 * 90) })
      #expect(EventFormat.detect(firstBytes: bytes) == .nmnist, "\(first)")
      let reading = try Reading(bytes)
      #expect(reading.batch.count == 40)
      // There is nothing to recognise it by: that it was guessed is told.
      #expect(reading.guesses.map(\.subject) == [.format])
      #expect(try Reading(bytes, options: .init(format: .nmnist)).guesses.isEmpty)
    }
  }

  @Test func aFewFiveByteRecordsAreRecognisedWhenNothingElseIsThere() {
    let bytes = records((0..<15).map { ($0 * 7 % 34, $0 * 5 % 34, 100 + $0 * 9_000) })
    for count in 3...15 { #expect(EventFormat.detect(firstBytes: bytes.prefix(5 * count)) == .nmnist, "\(count)") }
    for count in [1, 2] { #expect(EventFormat.detect(firstBytes: bytes.prefix(5 * count)) == nil) }
    #expect(EventFormat.detect(firstBytes: bytes.dropLast()) == nil)
    #expect(EventFormat.detect(firstBytes: bytes.prefix(50) + [1, 1, 0, 0, 1]) == nil)
    #expect(EventFormat.detect(firstBytes: records([(1, 1, 5), (2, 2, 2_000_000), (3, 3, 4_000_000)])) == nil)
  }

  @Test func oneWrongTimeAndPaddingDoNotHideFiveByteRecords() {
    var events = (0..<800).map { (x: $0 * 7 % 34, y: $0 * 5 % 34, time: 100 + $0 * 90) }
    events[300].time = 8_000_000
    #expect(EventFormat.detect(firstBytes: records(events)) == .nmnist)
    let few = records(Array(events.prefix(100)))
    #expect(EventFormat.detect(firstBytes: few + [UInt8](repeating: 0, count: 2000)) == .nmnist)
    for index in stride(from: 1, to: 800, by: 20) { events[index].time = 8_000_000 }
    #expect(EventFormat.detect(firstBytes: records(events)) == nil)
  }

  @Test func textIsNoFiveByteRecording() {
    let prose = Array(String(repeating: "The rate of events is what matters here.\n", count: 100).utf8)
    #expect(EventFormat.detect(firstBytes: prose) == nil)
    // Rising lines of four digits and a line end are rising times, too.
    let sorted = (1000..<2000).flatMap { Array("\($0)\n".utf8) }
    #expect(EventFormat.detect(firstBytes: sorted) != .nmnist)
  }

  @Test func soundIsNoFiveByteRecording() {
    func pcm16(_ samples: [Double]) -> [UInt8] {
      samples.flatMap { sample -> [UInt8] in
        let value = UInt16(bitPattern: Int16(sample * 32767))
        return [UInt8(value & 0xff), UInt8(value >> 8)]
      }
    }
    let silence = [UInt8](repeating: 0, count: 4096)
    let middle = [UInt8](repeating: 0x80, count: 4096)
    let tone = pcm16((0..<2048).map { 0.3 * sin(Double($0) * 0.05) })
    let ramp = pcm16((0..<2048).map { Double($0) / 2048 })
    var state: UInt64 = 1
    let noise = (0..<4096).map { _ -> UInt8 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(state >> 56)
    }
    let floats = (0..<1024).flatMap { index -> [UInt8] in
      withUnsafeBytes(of: Float(sin(Double(index) * 0.02)).bitPattern.littleEndian) { Array($0) }
    }
    for sound in [silence, middle, tone, ramp, noise, floats] {
      #expect(EventFormat.detect(firstBytes: sound) == nil)
    }
    let wave = Array("RIFF".utf8) + [0x24, 0x10, 0, 0] + Array("WAVEfmt ".utf8) + silence
    #expect(EventFormat.detect(firstBytes: wave) == nil)
  }

  @Test func nothingAndRubbishAreRefusedWithARemedy() {
    for bytes in [[], [1, 2, 3], Array("hello".utf8)] as [[UInt8]] {
      #expect {
        _ = try openEventReader(source: MemoryByteSource(bytes, name: "clip"))
      } throws: { error in
        let error = error as? EventFormatError
        return error?.code == .unrecognised && error?.source == "clip" && error?.remedy.isEmpty == false
      }
    }
  }

  @Test func missingFileIsNamedInTheError() {
    #expect {
      _ = try openEventReader(path: "/nowhere/clip.raw")
    } throws: { error in
      let error = error as? EventFormatError
      return error?.code == .inputOutput && error?.source == "/nowhere/clip.raw"
    }
  }

  @Test(arguments: ["gesture.npz", "gesture_tonic.h5", "spikes_shd.h5", "gesture_rosbags_mono.db3"])
  func whatIsReadOnlyAsAWholeIsNoLiveStream(name: String) throws {
    let bytes = try Fixture.bytes(name)
    var options = EventReadingOptions()
    #expect(try Reading(bytes, options: options).batch.count > 0)
    options.isLive = true
    let error = #expect(throws: EventFormatError.self) { try Reading(bytes, options: options) }
    #expect(error?.code == .unsupported)
    for name in ["gesture_evt2.raw", "gesture_rosbags_dvs.bag", "gesture_mcap_dv.mcap"] {
      #expect(try Reading(Fixture.bytes(name), options: options).batch.count == 4096)
    }
  }

  @Test func aVersionOfAEDATThatNobodyReadsIsNothingElse() {
    let rows = (0..<100).map { "\($0 * 10),\($0 % 7),\($0 % 5),\($0 % 2)\n" }.joined()
    #expect(EventFormat.detect(firstBytes: Array(("#! a table\n" + rows).utf8)) == .csv)
    #expect(EventFormat.detect(firstBytes: Array(("#!AER-DAT5.0\n" + rows).utf8)) == nil)
  }

  @Test func aFormatHasANameOfItsOwnAndIsFoundByIt() {
    let formats = EventFormat.allCases
    #expect(Set(formats.map(\.rawValue)).count == formats.count && Set(formats.map(\.title)).count == formats.count)
    for format in formats { #expect(EventFormat(rawValue: format.rawValue) == format) }
    #expect(EventFormat(rawValue: "evt5") == nil)
  }

  @Test(arguments: [
    ("a.raw", EventFormat.evt3), ("b.AEDAT", .aedat2), ("c.aedat4", .aedat4), ("d.dat", .dat2), ("e.es", .eventStream),
    ("f.bin", .nmnist), ("g.bs2", .nmnist), ("h.csv", .csv), ("i.tsv", .csv), ("j.x.txt", .csv), ("k.npy", .npy),
    ("l.npz", .npz), ("m.h5", .hdf5), ("n.hdf5", .hdf5),
  ])
  func theEndingOfANameSaysWhatIsWritten(name: String, format: EventFormat) {
    #expect(EventFormat(fileName: name) == format)
  }

  @Test func otherEndingsSayNothing() {
    for name in ["raw", "a.bag", "a.mcap", "a.", "a.raw.gz", ""] { #expect(EventFormat(fileName: name) == nil) }
  }
}
