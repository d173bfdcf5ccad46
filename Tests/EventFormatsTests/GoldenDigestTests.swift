import EventFormats
import Events
import Testing

@Suite struct GoldenDigestTests {
  static let gestures: [(String, EventFormat)] = [
    ("gesture.bs2", .nmnist), ("gesture_aedat2.aedat", .aedat2), ("gesture_aedat31.aedat", .aedat3),
    ("gesture_evt2.raw", .evt2),
  ]

  @Test(arguments: gestures)
  func oneGestureInEveryFormatGivesTheSameEvents(name: String, format: EventFormat) throws {
    let bytes = try Fixture.bytes(name)
    #expect(EventFormat.detect(firstBytes: bytes) == format)
    let reading = try Reading(bytes)
    #expect(reading.batch.count == 4096)
    #expect(reading.digest.fields == Fixture.gesture)
    // The fixture ends where its last event does; the AEDAT 3 packet and all others are whole.
    #expect(reading.accounting.violations.isEmpty)
    #expect(reading.accounting.bytesRead == Int64(bytes.count))
  }

  @Test(arguments: gestures, [(1, 7), (3, 1), (1021, 64), (65536, 100)])
  func howBytesArriveDoesNotChangeEvents(file: (String, EventFormat), pieces: (Int, Int)) throws {
    let reading = try Reading(Fixture.bytes(file.0), pieceSize: pieces.0, maximum: pieces.1)
    #expect(reading.digest.fields == Fixture.gesture)
  }

  @Test func nmnistRecordingAgreesWithPython() throws {
    let reading = try Reading(Fixture.bytes("nmnist_60001.bs2"))
    #expect(reading.batch.count == 3330)
    #expect(reading.digest.fields == Fixture.nmnist60001)
  }

  @Test func timeOriginMovesFirstEventToZero() throws {
    let options = EventReadingOptions(timeOrigin: .firstEvent)
    let reading = try Reading(Fixture.bytes("gesture_evt2.raw"), options: options, maximum: 100)
    #expect(reading.batch.times.first == 0)
    #expect(reading.batch.times.last == Int64(60844))
  }
}
