import EventFormats
import Events
import Numerics

/// Holds the stretches of recordings that a data set names against the recordings themselves.
struct StretchSurvey {
  /// Stretches with no moment in common with their recording.
  private(set) var outside: [(recording: Recording, reason: String)] = []
  /// Stretches of which more than a tenth lies beyond the end.
  private(set) var cut: [String] = []
  /// Recordings that end within a packet.
  private(set) var truncated: [String] = []

  private struct Extent: Sendable {
    var first: Int64?
    var last: Int64?
    var cutAt: Int64?
  }

  /// Reads every recording once; nothing is done where no recording is a stretch of one.
  init(
    _ split: DataSplit, encoder: RecordingEncoder, threads: Int,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
  ) throws {
    let stretches = split.all.map(\.recording).filter { $0.microseconds != nil }
    var seen: Set<String> = []
    let paths = stretches.map(\.path).filter { seen.insert($0).inserted }
    let extents = try encodeAll(paths, threads: threads, progress: progress) { _, path in
      try Self.extent(of: path, encoder)
    }
    let found = Dictionary(uniqueKeysWithValues: zip(paths, extents))
    for (path, extent) in zip(paths, extents) {
      if let offset = extent.cutAt { truncated.append("\(Self.shown(path)) at byte \(offset)") }
    }
    for recording in stretches {
      guard let range = recording.microseconds, let extent = found[recording.path] else { continue }
      guard let first = extent.first, let last = extent.last else {
        outside.append((recording, "\(recording.shownName) (it holds no events)"))
        continue
      }
      if range.lowerBound > last {
        outside.append((recording, "\(recording.shownName) (it ends at \(NumberText.roundSeconds(last)) s)"))
      } else if range.upperBound <= first {
        outside.append((recording, "\(recording.shownName) (it begins at \(NumberText.roundSeconds(first)) s)"))
      } else if range.upperBound - last > Int64(range.count) / 10 {
        cut.append("\(recording.shownName) (it ends at \(NumberText.roundSeconds(last)) s)")
      }
    }
  }

  private static func extent(of path: String, _ encoder: RecordingEncoder) throws -> Extent {
    var extent = Extent()
    guard var reader = try encoder.openEvents(path) else { return extent }
    var batch = EventBatch()
    while try reader.read(into: &batch, maximum: 65_536) {
      for time in batch.times {
        extent.first = min(extent.first ?? time, time)
        extent.last = max(extent.last ?? time, time)
      }
    }
    extent.cutAt = reader.accounting.violations[.truncatedTail]?.firstByteOffset
    return extent
  }

  private static func shown(_ path: String) -> String { path.split(separator: "/").suffix(2).joined(separator: "/") }

  /// What should be known.
  var notes: [DataNote] {
    [
      DataNote("recordings that are cut off within an event or packet", truncated),
      DataNote("clips left out, they lie outside their recording", outside.map(\.reason)),
      DataNote("clips that go on beyond the end of their recording", cut),
    ].compactMap { $0 }
  }

  /// The split without the stretches that lie outside their recordings.
  func cleared(_ split: DataSplit) -> DataSplit {
    guard !outside.isEmpty else { return split }
    var cleared = split
    let gone = outside.map(\.recording)
    cleared.removeAll { gone.contains($0) }
    return cleared
  }
}
