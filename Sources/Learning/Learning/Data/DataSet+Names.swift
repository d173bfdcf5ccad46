// Layouts that name classes in file names and lists.
extension DataSet {
  /// FSDD: takes 0–4 test, 5–9 validation, the rest train; leaving a speaker out, all of that speaker are the test
  /// and takes 0–4 of the others the validation part.
  func spokenDigits() throws -> DataSplit {
    let labels = description.labels ?? (0...9).map(String.init)
    var split = DataSplit(labels: labels)
    var speakers: Set<String> = []
    var misnamed: [String] = []
    let listing = try FolderListing(folder)
    let kinds = files(.sound)
    for name in listing.files where kinds.isNamedLikeOne(name) {
      let parts = stem(name).split(separator: "_")
      guard parts.count == 3, let take = Int(parts[2]) else {
        misnamed.append(name)
        continue
      }
      guard let label = labels.firstIndex(of: String(parts[0])) else {
        if description.labels == nil { misnamed.append(name) }
        continue
      }
      let speaker = String(parts[1])
      speakers.insert(speaker)
      split.add(
        Recording(path: "\(folder)/\(name)", label: label, group: speaker), to: part(take: take, speaker: speaker))
    }
    try requireGroups(speakers)
    split.notes += [
      DataNote("files left out, they are not named {digit}_{speaker}_{take}", misnamed),
      DataNote("files left out, their names are no UTF-8 text; rename them", listing.unreadableFiles),
    ].compactMap { $0 }
    return split
  }

  private func part(take: Int, speaker: String) -> DataPart {
    if let leaveOut = description.leaveOut {
      if speaker == leaveOut { return .test }
      return description.validateOn.map { speaker == $0 } ?? (take < 5) ? .validation : .train
    }
    if description.trainOnAll { return take < 5 ? .validation : .train }
    return take < 5 ? .test : take < 10 ? .validation : .train
  }

  /// Lists of a number and a class; the first ten of each class in `train.txt` are the validation part.
  func slayer() throws -> DataSplit {
    let labels = description.labels ?? (0...9).map(String.init)
    var split = DataSplit(labels: labels)
    var seen = [Int](repeating: 0, count: labels.count)
    for (number, label) in try samples("train.txt", classes: labels.count) {
      seen[label] += 1
      split.add(
        Recording(path: "\(folder)/\(number).bs2", label: label, group: number),
        to: seen[label] <= 10 ? .validation : .train)
    }
    for (number, label) in try samples("test.txt", classes: labels.count) {
      split.add(Recording(path: "\(folder)/\(number).bs2", label: label, group: number), to: .test)
    }
    return split
  }

  private func samples(_ name: String, classes: Int) throws -> [(String, Int)] {
    let path = "\(folder)/\(name)"
    var list: [(String, Int)] = []
    for (index, line) in textLines(try text(path)).enumerated() {
      let words = line.split(whereSeparator: \.isWhitespace)
      if words.isEmpty || line.hasPrefix("#") { continue }
      guard words.count == 2, let label = Int(words[1]), (0..<classes).contains(label) else {
        throw DataError.malformed(
          path: path, line: index + 1, reason: "expected a number and a class below \(classes), found '\(line)'")
      }
      list.append((String(words[0]), label))
    }
    return list
  }

  /// Whoever is left out, or validated on, is one of those that there are.
  func requireGroups(_ known: Set<String>) throws(DataError) {
    for group in [description.leaveOut, description.validateOn].compactMap({ $0 }) where !known.contains(group) {
      throw .unknownGroup(group, known: known.sorted())
    }
  }
}
