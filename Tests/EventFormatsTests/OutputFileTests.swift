import EventFormats
import Events
import Foundation
import TestSupport
import Testing

/// What stands in the folder while a recording is written and after it.
@Suite struct OutputFileTests {
  private let folder = NSTemporaryDirectory() + "output-\(UUID().uuidString)"
  private let geometry = SensorGeometry(width: 200, height: 100)
  private let events = randomEvents(
    count: 20_000, seed: 3, geometry: SensorGeometry(width: 200, height: 100), maximumStep: 40)

  private func inFolder(_ body: (String) throws -> Void) throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try body(folder + "/recording")
  }

  private var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: folder).sorted()) ?? [] }

  private static let formats: [EventFormat] = [.aedat4, .evt3, .csv, .npy, .npz, .hdf5]

  @Test(arguments: formats) func whatIsNotFinishedLeavesWhatWasThere(format: EventFormat) throws {
    let options = EventWritingOptions(format: format, geometry: geometry)
    try inFolder { path in
      do {
        var writer = try openEventWriter(path: path, options: options)
        try writer.write(events)
        // libhdf5 needs a name to write under; it is not the one asked for.
        #expect(names.count == (format == .hdf5 ? 1 : 0) && !names.contains("recording"))
      }
      #expect(names == [])
      try Data("before".utf8).write(to: URL(filePath: path))
      do {
        var writer = try openEventWriter(path: path, options: options)
        try writer.write(events)
      }
      #expect(try Data(contentsOf: URL(filePath: path)) == Data("before".utf8))
      #expect(names == ["recording"])
    }
  }

  @Test(arguments: formats) func aRecordingCanBeWrittenOverItself(format: EventFormat) throws {
    let options = EventWritingOptions(format: format, geometry: geometry)
    try inFolder { path in
      var writer = try openEventWriter(path: path, options: options)
      try writer.write(events)
      try writer.finish()
      #expect(chmod(path, 0o640) == 0)
      #expect(symlink("recording", path + ".link") == 0)

      var reader = try openEventReader(path: path)
      var second = try openEventWriter(path: path + ".link", options: options)
      var batch = EventBatch()
      while try reader.read(into: &batch, maximum: 1000) { try second.write(batch) }
      try second.finish()

      var again = try openEventReader(path: path)
      #expect(try readAllEvents(&again).times == events.times)
      #expect(names == ["recording", "recording.link"])
      // The link is still one, and the rights are those of the file that was replaced.
      #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path + ".link") == "recording")
      #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o640)
    }
  }

  @Test func whatCannotBeWrittenIsRefusedBeforeAnythingIsReplaced() throws {
    try inFolder { path in
      try Data("before".utf8).write(to: URL(filePath: path))
      #expect(throws: EventFormatError.self) {
        try openEventWriter(path: path, options: EventWritingOptions(format: .evt4, geometry: geometry))
      }
      #expect(try Data(contentsOf: URL(filePath: path)) == Data("before".utf8))
      #expect(throws: EventFormatError.self) {
        try openEventWriter(path: folder + "/none/recording", options: EventWritingOptions(format: .evt3))
      }
    }
  }

  @Test func aDeviceThatIsFullIsAnErrorAndNotReplaced() throws {
    var writer = try openEventWriter(path: "/dev/full", options: EventWritingOptions(format: .evt3))
    try writer.write(events)
    #expect(throws: EventFormatError.self) { try writer.finish() }
    var status = stat()
    #expect(stat("/dev/full", &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
  }
}
