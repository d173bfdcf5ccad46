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
  var geometry: SensorGeometry?
  var guesses: [ReadingGuess] = []
  var streams: [RecordingStream] = []
  var error: EventFormatError?
  var encoding = ""

  /// What was taken for granted, by subject.
  var guessed: [ReadingSubject: String] {
    Dictionary(guesses.map { ($0.subject, $0.value) }) { first, _ in first }
  }

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
    geometry = reader.geometry
    encoding = reader.encoding
    guesses = reader.guesses
    streams = reader.streams
  }
}

/// What a reader refuses a text or other bytes with; nil where it opens them.
func refusal(_ bytes: [UInt8], _ options: EventReadingOptions = .init()) -> EventFormatError? {
  do throws(EventFormatError) {
    _ = try openEventReader(source: MemoryByteSource(bytes), options: options)
    return nil
  } catch {
    return error
  }
}

func refusal(_ text: String, _ options: EventReadingOptions = .init()) -> EventFormatError? {
  refusal(Array(text.utf8), options)
}

extension EventBatch {
  /// One line an event.
  func text(_ line: (Event) -> String) -> String { (0..<count).map { line(self[$0]) + "\n" }.joined() }
}

extension EventReadingOptions {
  /// Columns of time, x, y and polarity.
  init(columns: String, timeUnit: EventTimeUnit? = nil) {
    self.init()
    csv = CSVOptions(columns: columns) ?? CSVOptions()
    self.timeUnit = timeUnit
  }
}

/// Microseconds as seconds with six places.
func seconds(_ microseconds: Int64) -> String {
  let fraction = String(microseconds % 1_000_000)
  return "\(microseconds / 1_000_000)." + String(repeating: "0", count: 6 - fraction.count) + fraction
}
