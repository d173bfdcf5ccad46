import EventFormats
import Events
import Testing

@Suite struct GoldenDigestTests {
  static let gestures: [(String, EventFormat)] = [
    ("gesture.bs2", .nmnist), ("gesture_aedat2.aedat", .aedat2), ("gesture_aedat31.aedat", .aedat3),
    ("gesture_evt2.raw", .evt2),
    // Written by other projects' tools from the same events.
    ("gesture_faery_evt3.raw", .evt3), ("gesture_faery.es", .eventStream), ("gesture_faery_dat1.dat", .dat1),
    ("gesture_faery_dat2.dat", .dat2), ("gesture_faery_lz4.aedat4", .aedat4), ("gesture_faery_zstd.aedat4", .aedat4),
    // As it comes through a socket, without the line at the beginning.
    ("gesture_dv_network.aedat4", .aedat4), ("gesture_faery.csv", .csv), ("gesture_evutils_evt21.raw", .evt21),
    ("gesture_evutils_evt4.raw", .evt4),
    ("gesture_evutils_evt3.raw", .evt3), ("gesture_tonic.h5", .hdf5), ("gesture.npz", .npz), ("gesture_rows.npy", .npy),
    ("gesture_rosbags_dvs.bag", .rosbag1), ("gesture_rosbags_evt3.bag", .rosbag1),
    ("gesture_rosbags_mono.db3", .rosbag2), ("gesture_mcap_dv.mcap", .mcap), ("gesture_mcap_libcaer.mcap", .mcap),
  ]

  @Test(arguments: gestures)
  func oneGestureInEveryFormatGivesTheSameEvents(name: String, format: EventFormat) throws {
    let bytes = try Fixture.bytes(name)
    #expect(EventFormat.detect(firstBytes: bytes) == format)
    let reading = try Reading(bytes)
    #expect(reading.batch.count == 4096)
    #expect(reading.digest.fields == Fixture.gesture)
    // Faery ends some vectors of EVT 3 early; nothing else in any of the files breaks a rule.
    #expect(reading.accounting.violations.keys.allSatisfy { $0 == .partialVector && name == "gesture_faery_evt3.raw" })
    #expect(reading.accounting.bytesRead == Int64(bytes.count))
  }

  @Test(arguments: gestures, [(1, 7), (3, 1), (1021, 64), (65536, 100)])
  func howBytesArriveDoesNotChangeEvents(file: (String, EventFormat), pieces: (Int, Int)) throws {
    let reading = try Reading(Fixture.bytes(file.0), pieceSize: pieces.0, maximum: pieces.1)
    #expect(reading.digest.fields == Fixture.gesture)
  }

  @Test func spikesOfSHDAreOrderedAndInMicroseconds() throws {
    var options = EventReadingOptions()
    let first = try Reading(Fixture.bytes("spikes_shd.h5"), options: options)
    #expect(first.batch.times == [250_000, 500_000, 750_000])
    #expect(first.batch.x == [699, 3, 10])
    #expect(first.batch.polarities == [1, 1, 1])
    options.sample = 1
    #expect(try Reading(Fixture.bytes("spikes_shd.h5"), options: options).batch.times == [125_000])
    options.sample = 2
    #expect(throws: EventFormatError.self) { _ = try Reading(Fixture.bytes("spikes_shd.h5"), options: options) }
  }

  @Test func timesOfDSECCountFromTheirOffset() throws {
    let reading = try Reading(Fixture.bytes("columns_dsec.h5"))
    #expect(reading.batch.times == [1005, 1006, 1009])
    #expect(reading.batch.y == [4, 5, 6])
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
