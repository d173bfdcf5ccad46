import EventFormats
import Events
import Testing

/// Recordings of any format inside a ZIP file.
@Suite struct ZipRecordingTests {
  static let text = Array("240 180\n0.003811000 96 133 0\n0.003820001 97 134 1\n0.003841001 96 133 1\n".utf8)
  static let times: [Int64] = [3811, 3820, 3841]

  @Test func aTextIsReadFromItsZip() throws {
    let file = zipFile([("events.txt", Self.text)])
    let reading = try Reading(file, pieceSize: 50)
    #expect(reading.batch.times == Self.times)
    #expect(reading.geometry == SensorGeometry(width: 240, height: 180))
    #expect(reading.encoding.hasPrefix("events.txt in a ZIP file"))
    #expect(reading.accounting.bytesRead == Int64(file.count))
    #expect(reading.guessed[.stream] == nil)
  }

  @Test func theOneRecordingAmongOtherFilesIsFound() throws {
    let imu = Array((0..<60).map { "0.\(100 + $0) -9.81 0.\($0) 0.1 0.2 0.3 0.4\n" }.joined().utf8)
    let reading = try Reading(
      zipFile([
        ("shapes/", []), ("shapes/calib.txt", Array("199.1 198.8 132.2 110.7 -0.37 0.15\n".utf8)),
        ("shapes/imu.txt", imu),
        ("shapes/images.txt", Array("0.1 images/f0.png\n".utf8)), ("__MACOSX/shapes/events.txt", Self.text),
        ("shapes/events.txt", Self.text),
      ]))
    #expect(reading.batch.times == Self.times)
    #expect(reading.guessed[.stream] == "shapes/events.txt")
  }

  @Test func binaryFormatsAreReadToo() throws {
    let bytes = try Fixture.bytes("gesture_evt2.raw")
    #expect(try Reading(zipFile([("a.raw", bytes)])).digest.fields == Fixture.gesture)
  }

  @Test func oneOfSeveralIsChosenByName() throws {
    let file = zipFile([("left.txt", Self.text), ("right.txt", Array("0.5 1 2 1\n".utf8))])
    let error = refusal(file)
    #expect(error?.code == .ambiguous && error?.subject == .stream)
    #expect(error?.reason.contains("left.txt, right.txt") == true)
    var options = EventReadingOptions()
    options.stream = "right.txt"
    #expect(try Reading(file, options: options).batch.times == [500_000])
  }

  @Test func anArchiveInAnArchiveIsNotOpened() {
    #expect(refusal(zipFile([("inner.zip", zipFile([("events.txt", Self.text)]))]))?.code == .unrecognised)
  }
}
