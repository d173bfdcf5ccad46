/// Labelled recordings of a task in a folder: a folder for each label, or files named after FSDD.
public struct TaskFolder: Sendable {
  public let path: String
  public private(set) var labels: [String] = []
  public private(set) var recordings: [Recording] = []
  /// What was left out, and what else should be known.
  public private(set) var notes: [DataNote] = []
  /// Who made each recording; nil where one does not tell.
  private var speakers: [String?] = []

  private struct Entry {
    var label: String
    var path: String
    var speaker: String?
  }

  /// - Parameters:
  ///   - known: labels that recordings may have; any when nil.
  ///   - encoder: reads the recordings.
  ///   - isForLearning: whether what occurs twice is left out: it would be tested with what was learnt.
  /// - Throws: `DataError` where there is nothing to learn from, of all labels or of one.
  public init(
    _ path: String, among known: [String]? = nil, encoder: RecordingEncoder, isForLearning: Bool, threads: Int
  ) throws {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    self.path = path
    let listing = try FolderListing(path)
    if let name = listing.unreadableFolders.first { throw DataError.unreadableName(name, folder: path) }
    var files = RecordingFiles(sense: encoder.sense, reading: encoder.reading, root: path)
    var entries: [Entry] = []
    var empty: [String] = []
    for label in listing.folders {
      let names = try files.names(in: "\(path)/\(label)")
      entries += names.map { Entry(label: label, path: "\(path)/\(label)/\($0)", speaker: Self.speaker(of: $0)) }
      if names.isEmpty { empty.append(label) }
    }
    var misnamed: [String] = []
    for name in listing.files {
      let parts = (name.lastIndex(of: ".").map { name[..<$0] } ?? name[...]).split(separator: "_")
      if parts.count == 3, Int(parts[2]) != nil {
        entries.append(Entry(label: String(parts[0]), path: "\(path)/\(name)", speaker: String(parts[1])))
      } else {
        misnamed.append(name)
      }
    }
    guard !entries.isEmpty else {
      throw DataError.empty(
        folder: path, layout: "folders",
        expected: "a folder for each label with recordings in it, or files named {label}_{speaker}_{take}.wav")
    }
    if let label = empty.first {
      let place = "\(path)/\(label)"
      throw DataError.emptyClass(label, place: place, found: files.leftOut(in: place))
    }
    notes += files.notes
    notes += [
      DataNote("files left out, they are not named {label}_{speaker}_{take}", misnamed + listing.unreadableFiles)
    ]
    .compactMap { $0 }
    labels = Set(entries.map(\.label)).sorted()
    if let known, let stranger = labels.first(where: { !known.contains($0) }) {
      throw DataError.unknownLabel(stranger, path: path)
    }
    for entry in entries {
      guard let label = labels.firstIndex(of: entry.label) else { continue }
      recordings.append(Recording(path: entry.path, label: label, group: entry.speaker ?? entry.path))
      speakers.append(entry.speaker)
    }
    try look(forRepeats: isForLearning, encoder, threads: threads)
  }

  private static func speaker(of name: String) -> String? {
    name.range(of: "_nohash_").flatMap { name[..<$0.lowerBound].split(separator: "_").last }.map(String.init)
  }

  private mutating func look(forRepeats leavesOut: Bool, _ encoder: RecordingEncoder, threads: Int) throws {
    var split = DataSplit(labels: labels)
    split.train = recordings
    let survey = try RepeatSurvey(split, encoder: encoder, threads: threads) { _, _ in }
    if leavesOut, let first = survey.acrossLabels.first {
      throw DataError.repeated(
        count: survey.acrossLabels.count, what: "has two labels", first: first, remedy: "take one out")
    }
    notes += survey.notes
    guard leavesOut else { return }
    let repeats = Set(survey.groups.flatMap { $0.dropFirst().map(\.recording.path) })
    guard let note = DataNote("recordings left out, they repeat another", repeats.sorted()) else { return }
    notes.append(note)
    let kept = recordings.indices.filter { !repeats.contains(recordings[$0].path) }
    recordings = kept.map { recordings[$0] }
    speakers = kept.map { speakers[$0] }
  }

  /// Of each recording whether somebody made it.
  ///
  /// - Throws: `DataError` where the recordings do not tell who made them, or nobody of that name did.
  public func isMade(by speaker: String) throws(DataError) -> [Bool] {
    guard !speakers.contains(nil) else {
      throw .choice(
        "--leave-out",
        reason: "not all recordings in \(path) tell who made them, so '\(speaker)' cannot be left out; name them "
          + "{label}_{speaker}_{take}.wav, or take --leave-out away")
    }
    guard speakers.contains(speaker) else {
      throw .unknownGroup(speaker, known: Set(speakers.compactMap { $0 }).sorted())
    }
    return speakers.map { $0 == speaker }
  }

  /// - Parameter isAside: recordings that are not learnt from; none when nil.
  /// - Throws: `LessonError` where a label has too few recordings to learn from.
  public func requireEnough(_ needed: Int, isAside: [Bool]? = nil) throws(LessonError) {
    for (index, label) in labels.enumerated() {
      let found = recordings.indices.count { recordings[$0].label == index && isAside?[$0] != true }
      if found < needed { throw .tooFew(label: label, found: found, needed: needed) }
    }
  }
}
