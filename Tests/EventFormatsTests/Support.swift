import EventFormats
import Events
import Foundation

/// Recordings kept beside the tests.
enum Fixture {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Fixtures")

  static func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: folder.appendingPathComponent(name)))
  }

  /// The first 4096 events of one gesture, digests computed in Python from the five-byte records.
  static let gesture = EventDigest.Fields(
    time: "9e4eed59b91900f7e269cd2c6ddb37e2", x: "373fdf14eefc63d4ae2c556901309ab2",
    y: "e089aed2b43277952da14ee7926cc2f8", polarity: "ac6ac14d350d9b92f5c90b3e60b53338")

  static let nmnist60001 = EventDigest.Fields(
    time: "308bb37d9a4d14a373f2abdf2cffe1b9", x: "98711c5ab5dc1a02e739cbebeb999ea6",
    y: "fdec2c25c72a3803d0fb6e5e95d50d22", polarity: "c86a5730f8028b67c2b3954e95a42182")
}

/// Everything a reader gave.
struct Reading {
  var batch = EventBatch()
  var digest = EventDigest()
  var accounting = EventAccounting()
  var error: EventFormatError?

  init(_ bytes: [UInt8], options: EventReadingOptions = .init(), pieceSize: Int = .max, maximum: Int = 65536) throws {
    try self.init(MemoryByteSource(bytes, pieceSize: pieceSize), options: options, maximum: maximum)
  }

  init(_ source: any ByteSource, options: EventReadingOptions = .init(), maximum: Int = 65536) throws {
    var reader = try openEventReader(source: source, options: options)
    var part = EventBatch()
    do throws(EventFormatError) {
      while try reader.read(into: &part, maximum: maximum) {
        batch.append(contentsOf: part)
        digest.add(part)
      }
    } catch {
      self.error = error
    }
    accounting = reader.accounting
  }
}
