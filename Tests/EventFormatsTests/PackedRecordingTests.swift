import EventFormats
import Events
import Foundation
import Testing

@testable import TestSupport

/// Recordings that are packed as a whole.
@Suite struct PackedRecordingTests {
  private static let sensor = SensorGeometry(width: 128, height: 128)
  private static let batch = randomEvents(count: 3_000, seed: 5, geometry: sensor, maximumStep: 200)

  @Test(arguments: Target.inMemory)
  func gzipIsUnpacked(target: Target) throws {
    let plain = try written([Self.batch], target, Self.sensor)
    let (cut, packed) = (plain.count / 2, gzip(plain))
    let expected = try Reading(plain)
    // Two members are one recording, and zeros fill the last block of a tape.
    let forms = [packed, gzip(Array(plain[..<cut])) + gzip(Array(plain[cut...])) + [UInt8](repeating: 0, count: 900)]
    for form in forms {
      for piece in [Int.max, 3] {
        let reading = try Reading(form, pieceSize: piece)
        #expect(reading.batch == expected.batch && reading.error == nil)
        #expect(reading.batch.count == Self.batch.count)
      }
    }
    let file = try TemporaryFile(packed)
    #expect(try Reading(FileByteSource(path: file.path)).batch == expected.batch)
  }

  @Test func aCutOneIsReadToItsEnd() throws {
    let plain = try written([Self.batch], Target(format: .evt3, name: ""), Self.sensor)
    let packed = gzip(plain)
    let reading = try Reading(Array(packed.prefix(packed.count - 200)))
    #expect(reading.batch.count > 0 && reading.batch.count < Self.batch.count)
    #expect(reading.error?.reason == "the compressed data end before they are complete")
    var damaged = packed
    damaged[packed.count / 2] ^= 0xFF
    damaged[packed.count / 2 + 1] ^= 0xFF
    let found = Result { try Reading(damaged) }
    // Deflate notices sooner or later, by its sum at the latest.
    switch found {
    case .success(let reading): #expect(reading.error != nil)
    case .failure(let error): #expect("\(error)".contains("the compressed data are damaged"))
    }
  }

  @Test func whatShrinksTooFarIsRefused() throws {
    let zeros = gzip([UInt8](repeating: 0, count: 24 << 20))
    let bomb = gzip(Array("% evt 3.0\n% format EVT3\n% end\n".utf8)) + zeros
    let reading = try Reading(bomb)
    #expect(reading.error?.code == .implausibleSize)
    #expect(reading.error?.remedy.contains("gunzip") == true)
  }

  @Test(
    "other packings are named",
    arguments: [
      ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00] as [UInt8], "xz"),
      (Array("BZh9".utf8) + [0x31, 0x41, 0x59, 0x26, 0x53, 0x59], "bzip2"),
      ([0x04, 0x22, 0x4D, 0x18], "LZ4"), ([0x1F, 0x9D, 0x90], "compress"), (Array("LZIP".utf8) + [1], "lzip"),
      ([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], "7-Zip"),
    ])
  func others(beginning: [UInt8], name: String) {
    let error = refusal(beginning + [UInt8](repeating: 0xA5, count: 300))
    #expect(error?.code == .unsupported && error?.reason.contains(name) == true)
  }

  /// Whoever gives packed sound to a reader of events is told that it is packed, and what helps.
  @Test func whatIsInAPackedFileAndNoRecordingIsToldAsSuch() {
    let error = refusal(gzip(WaveBytes(sampleRate: 16_000).file([0.1, 0.2, -0.3])))
    #expect(error?.reason == "is packed with gzip, and in it is no event recording that is recognised by content")
    #expect(error?.remedy.contains("gunzip if it is sound") == true && error?.subject == .format)
    #expect(refusal([0x80] + [UInt8](repeating: 0xA5, count: 300))?.reason.contains("packed") == false)
  }

  @Test func anEncodingOfPropheseeThatIsNotKnownIsNamed() {
    for (header, name) in [
      ("% evt 9.0\n% end\n", "EVT 9.0"), ("% format HISTO3D;height=320;width=320\n% end\n", "HISTO3D"),
    ] {
      let error = refusal(Array(header.utf8) + [UInt8](repeating: 0, count: 64))
      #expect(error?.reason.contains(name) == true && error?.subject == .format, "\(header)")
    }
  }

  @Test func anEmptyArrayIsCalledEmpty() {
    let header =
      "{'descr': '<i8', 'fortran_order': False, 'shape': (0, 4), }".padding(
        toLength: 117, withPad: " ", startingAt: 0) + "\n"
    let error = refusal([0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8))
    #expect(error?.reason == "the array of shape [0, 4] is empty")
  }

  @Test func aTarArchiveIsNamed() {
    var header = [UInt8](repeating: 0, count: 512)
    header.replaceSubrange(0..<5, with: "a.csv".utf8)
    header.replaceSubrange(257..<262, with: "ustar".utf8)
    for bytes in [header, gzip(header)] {
      #expect(refusal(bytes)?.reason == "is a tar archive")
    }
  }
}
