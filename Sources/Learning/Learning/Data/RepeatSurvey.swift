import Glibc

/// Finds the same recording in two places, by content: the same samples or events, and the same stretch of them.
struct RepeatSurvey {
  /// Groups of recordings that are one and the same, with their parts, in the order of the split.
  let groups: [[(part: DataPart, recording: Recording)]]
  /// Of a group, so many are told.
  private static let mostTold = 3
  /// Stretches that share time with another one of the same recording in another part.
  let overlaps: [String]

  /// - Throws: `DataError` for a recording that is not there.
  init(
    _ split: DataSplit, encoder: RecordingEncoder, threads: Int,
    progress: @escaping @Sendable (_ done: Int, _ total: Int) -> Void
  ) throws {
    let all = split.all
    var seen: Set<String> = []
    let paths = all.map(\.recording.path).filter { seen.insert($0).inserted }
    for path in paths { try Self.require(path) }
    // Most recordings differ in their first moments.
    var kinds = paths.map { _ in 0 }
    let limits: [Int?] = [2_048, nil]
    for limit in limits {
      var members: [Int: Int] = [:]
      for kind in kinds { members[kind, default: 0] += 1 }
      let open = paths.indices.filter { members[kinds[$0], default: 0] > 1 }
      if open.isEmpty { break }
      let digests = try encodeAll(
        open, threads: threads,
        progress: progress, { _, index in try encoder.content(of: paths[index], limit: limit) })
      var keys = kinds.map { Key(kind: $0, digest: nil) }
      for (index, digest) in zip(open, digests) { keys[index].digest = digest }
      kinds = Self.numbers(of: keys)
    }
    let kindOfPath = Dictionary(uniqueKeysWithValues: zip(paths, kinds))
    var places: [Content: Int] = [:]
    var groups: [[(part: DataPart, recording: Recording)]] = []
    for entry in all {
      let content = Content(file: kindOfPath[entry.recording.path] ?? 0, stretch: entry.recording.microseconds)
      if let place = places[content] {
        groups[place].append(entry)
      } else {
        places[content] = groups.count
        groups.append([entry])
      }
    }
    self.groups = groups.filter { $0.count > 1 }
    let stretches = Dictionary(grouping: all.filter { $0.recording.microseconds != nil }) {
      kindOfPath[$0.recording.path] ?? 0
    }
    overlaps = stretches.sorted { $0.key < $1.key }.flatMap { Self.overlaps($0.value) }
  }

  private static func overlaps(_ stretches: [(part: DataPart, recording: Recording)]) -> [String] {
    stretches.indices.compactMap { index in
      let (part, recording) = stretches[index]
      guard let range = recording.microseconds else { return nil }
      let other = stretches[..<index].first {
        $0.part != part && $0.recording.microseconds != range && $0.recording.microseconds?.overlaps(range) == true
      }
      return other.map {
        "\(recording.shownName) (\(part.rawValue)) with \($0.recording.shownName) (\($0.part.rawValue))"
      }
    }
  }

  private struct Key: Hashable {
    var kind: Int
    var digest: ContentDigest?
  }

  private struct Content: Hashable {
    var file: Int
    var stretch: Range<Int64>?
  }

  /// Numbers that are equal where the values are.
  private static func numbers<Value: Hashable>(of values: [Value]) -> [Int] {
    var numbers: [Value: Int] = [:]
    return values.map { value in
      let number = numbers[value] ?? numbers.count
      numbers[value] = number
      return number
    }
  }

  private static func require(_ path: String) throws(DataError) {
    guard access(path, R_OK) == 0 else {
      throw .missingFile(path: path, reason: "\(String(cString: strerror(errno))); the data set names it")
    }
  }

  /// Groups of which the recordings lie in several parts.
  var acrossParts: [String] { groups.filter { Set($0.map(\.part)).count > 1 }.map(Self.shown) }
  /// Groups of which the recordings have several labels.
  var acrossLabels: [String] { groups.filter { Set($0.map(\.recording.label)).count > 1 }.map(Self.shown) }

  /// The first few, such that parts and labels that differ are seen.
  private static func shown(_ group: [(part: DataPart, recording: Recording)]) -> String {
    var kinds: Set<[Int]> = []
    var (first, others): ([Int], [Int]) = ([], [])
    for (index, member) in group.enumerated() {
      let kind = [DataPart.allCases.firstIndex(of: member.part) ?? 0, member.recording.label]
      if kinds.insert(kind).inserted { first.append(index) } else { others.append(index) }
    }
    let told = (first + others).prefix(mostTold).sorted()
    let isInSeveralParts = Set(group.map(\.part)).count > 1
    let names = told.map {
      group[$0].recording.shownName + (isInSeveralParts ? " (\(group[$0].part.rawValue))" : "")
    }
    let rest = group.count - told.count
    return names.joined(separator: " = ") + (rest > 0 ? " and \(rest) more" : "")
  }

  /// Refuses what makes results wrong.
  func require(_ description: DataDescription) throws(DataError) {
    if description.allowRepeats { return }
    for (what, found) in [("stands in two parts", acrossParts), ("has two labels", acrossLabels)] {
      if let first = found.first {
        throw .repeated(
          count: found.count, what: what, first: first,
          remedy: "take one out, or write allowRepeats: true under data in the recipe")
      }
    }
  }

  /// What should be known.
  var notes: [DataNote] {
    let within = groups.filter { group in
      Set(group.map(\.part)).count == 1 && Set(group.map(\.recording.label)).count == 1
    }
    return [
      DataNote("recordings that stand in two parts", acrossParts),
      DataNote("recordings that have two labels", acrossLabels),
      DataNote("clips that share time with one of another part", overlaps),
      DataNote("recordings that occur more than once in their part", within.map(Self.shown)),
    ].compactMap { $0 }
  }
}
