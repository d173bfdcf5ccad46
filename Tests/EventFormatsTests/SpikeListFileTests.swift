import Foundation
import Testing

@testable import EventFormats

@Suite struct SpikeListFileTests {
  private let path = NSTemporaryDirectory() + "spikes-\(UUID().uuidString).h5"

  private let file = SpikeListFile(
    recordings: [
      .init(times: [0, 0.0125, 1.5], units: [3, 699, 0], label: 7, columns: ["coefficient": [0.5, -0.25, 1e-9]]),
      .init(times: [], units: [], label: 2, columns: ["coefficient": []]),
      .init(times: [0.25], units: [65_535], label: -1, columns: ["coefficient": [3]]),
    ],
    texts: ["spiketrum": "{\"sampleRate\":8000}", "note": "ünïcode"])

  @Test func whatIsWrittenIsRead() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try file.write(to: path)
    #expect(try SpikeListFile(contentsOf: path) == file)
    // A second file of the same name replaces the first.
    try SpikeListFile(recordings: []).write(to: path)
    #expect(try SpikeListFile(contentsOf: path) == SpikeListFile(recordings: []))
  }

  @Test func theReaderOfEventsReadsItToo() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try file.write(to: path)
    var reader = try openEventReader(path: path, options: EventReadingOptions())
    let summary = try RecordingSummary(reading: &reader, source: path, withDigest: false)
    #expect(summary.rows.first?.count == 3)
    #expect(summary.durationMicroseconds == 1_500_000)
  }

  @Test func otherFilesAreErrors() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    #expect(throws: EventFormatError.self) { try SpikeListFile(contentsOf: "/nonexistent.h5") }
    try Data("not HDF5".utf8).write(to: URL(filePath: path))
    #expect(throws: EventFormatError.self) { try SpikeListFile(contentsOf: path) }
    #expect(throws: EventFormatError.self) { try file.write(to: "/nonexistent/folder/spikes.h5") }
    var uneven = file
    uneven.recordings[0].times.removeLast()
    #expect(throws: EventFormatError.self) { try uneven.write(to: path) }
  }
}
