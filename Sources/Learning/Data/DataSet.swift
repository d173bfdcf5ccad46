import Foundation

/// Finds the recordings of a data set on disk and divides them as its description says.
public struct DataSet {
  let description: DataDescription
  let folder: String
  /// Folder that relative list files are looked up in.
  let recipeFolder: String
  /// What list files hold, by the path the description gives, where the files themselves are not at hand.
  let knownLists: [String: String]

  public init(
    _ description: DataDescription, folder: String, recipeFolder: String, knownLists: [String: String] = [:]
  ) {
    self.description = description
    self.folder = folder
    self.recipeFolder = recipeFolder
    self.knownLists = knownLists
  }

  /// The text of every list file that the description names, by the path it gives.
  public func lists() throws -> [String: String] {
    var lists: [String: String] = [:]
    for path in [description.validationList, description.testList].compactMap({ $0 }) {
      lists[path] = try listText(path)
    }
    return lists
  }

  /// The recordings of each part, in an order that does not depend on the file system.
  public func split() throws -> DataSplit {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw DataError.missingFolder(folder)
    }
    switch description.layout {
    case .fsdd: return try spokenDigits()
    case .speechCommands: return try speechCommands()
    case .slayer: return try slayer()
    case .trainTestFolders: return try trainTestFolders()
    case .folders: return try folders()
    case .dvsGesture: return try GestureLayout(folder: folder, labels: description.labels).split()
    }
  }

  /// FSDD: takes 0–4 test, 5–9 validation, the rest train; leaving a speaker out, all of that speaker are the test
  /// and takes 0–4 of the others the validation part.
  private func spokenDigits() throws -> DataSplit {
    let labels = description.labels ?? (0...9).map(String.init)
    var split = DataSplit(labels: labels)
    var speakers: Set<String> = []
    for name in try files(in: folder, endings: ["wav", "flac"]) {
      let parts = stem(name).split(separator: "_")
      guard parts.count == 3, let take = Int(parts[2]), let label = labels.firstIndex(of: String(parts[0])) else {
        continue
      }
      let speaker = String(parts[1])
      speakers.insert(speaker)
      let recording = Recording(path: "\(folder)/\(name)", label: label, group: speaker)
      if let leaveOut = description.leaveOut {
        if speaker == leaveOut {
          split.test.append(recording)
        } else if description.validateOn.map({ speaker == $0 }) ?? (take < 5) {
          split.validation.append(recording)
        } else {
          split.train.append(recording)
        }
      } else if description.trainOnAll {
        if take < 5 { split.validation.append(recording) } else { split.train.append(recording) }
      } else if take < 5 {
        split.test.append(recording)
      } else if take < 10 {
        split.validation.append(recording)
      } else {
        split.train.append(recording)
      }
    }
    if let leaveOut = description.leaveOut, !speakers.contains(leaveOut) {
      throw DataError.unknownGroup(leaveOut, known: speakers.sorted())
    }
    return try checked(split, expected: "files named {digit}_{speaker}_{take}.wav")
  }

  /// Speech Commands: the speaker is the word before `_nohash_`, or the whole stem where there is none.
  private func speechCommands() throws -> DataSplit {
    let labels = try description.labels ?? subfolders(of: folder)
    let validation = try list(description.validationList ?? "\(folder)/validation_list.txt")
    let test = try list(description.testList ?? "\(folder)/testing_list.txt")
    var split = DataSplit(labels: labels)
    for (index, label) in labels.enumerated() {
      for name in try files(in: "\(folder)/\(label)", endings: ["wav", "flac", "ogg"]) {
        let speaker =
          name.range(of: "_nohash_").flatMap { name[..<$0.lowerBound].split(separator: "_").last }.map(String.init)
          ?? stem(name)
        let recording = Recording(path: "\(folder)/\(label)/\(name)", label: index, group: speaker)
        let names = [speaker, stem(name), "\(label)/\(name)"]
        if names.contains(where: test.contains) {
          split.test.append(recording)
        } else if names.contains(where: validation.contains) {
          split.validation.append(recording)
        } else {
          split.train.append(recording)
        }
      }
    }
    return try checked(split, expected: "a folder for each word")
  }

  /// Lists of a number and a class; the first ten of each class in `train.txt` are the validation part.
  private func slayer() throws -> DataSplit {
    let labels = description.labels ?? (0...9).map(String.init)
    var split = DataSplit(labels: labels)
    var seen = [Int](repeating: 0, count: labels.count)
    for (number, label) in try samples("train.txt", classes: labels.count) {
      let recording = Recording(path: "\(folder)/\(number).bs2", label: label, group: number)
      seen[label] += 1
      if seen[label] <= 10 { split.validation.append(recording) } else { split.train.append(recording) }
    }
    split.test = try samples("test.txt", classes: labels.count).map { number, label in
      Recording(path: "\(folder)/\(number).bs2", label: label, group: number)
    }
    return try checked(split, expected: "train.txt and test.txt with a number and a class a line")
  }

  private func samples(_ name: String, classes: Int) throws -> [(String, Int)] {
    let path = "\(folder)/\(name)"
    var list: [(String, Int)] = []
    for (index, line) in try text(path).split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
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

  /// `Train/{class}` and `Test/{class}`; every tenth of the training part, in order of name, is the validation part.
  private func trainTestFolders() throws -> DataSplit {
    let labels = try description.labels ?? subfolders(of: "\(folder)/Train")
    var split = DataSplit(labels: labels)
    for (index, label) in labels.enumerated() {
      let endings = ["bin", "bs2", "aedat", "aedat4", "raw", "es", "dat"]
      for (place, name) in try files(in: "\(folder)/Train/\(label)", endings: endings).enumerated() {
        let recording = Recording(path: "\(folder)/Train/\(label)/\(name)", label: index, group: stem(name))
        if place % 10 == 0 { split.validation.append(recording) } else { split.train.append(recording) }
      }
      for name in try files(in: "\(folder)/Test/\(label)", endings: endings) {
        split.test.append(
          Recording(path: "\(folder)/Test/\(label)/\(name)", label: index, group: stem(name)))
      }
    }
    return try checked(split, expected: "Train/{class}/ and Test/{class}/ with recordings")
  }

  /// A folder a class; lists name the parts, or every fifth recording is the test and every tenth the validation part.
  private func folders() throws -> DataSplit {
    let labels = try description.labels ?? subfolders(of: folder)
    let validation = try description.validationList.map(list)
    let test = try description.testList.map(list)
    var split = DataSplit(labels: labels)
    for (index, label) in labels.enumerated() {
      for (place, name) in try files(in: "\(folder)/\(label)", endings: nil).enumerated() {
        let recording = Recording(path: "\(folder)/\(label)/\(name)", label: index, group: stem(name))
        let names = [stem(name), name, "\(label)/\(name)"]
        if test.map({ names.contains(where: $0.contains) }) ?? (place % 5 == 4) {
          split.test.append(recording)
        } else if validation.map({ names.contains(where: $0.contains) }) ?? (place % 10 == 3) {
          split.validation.append(recording)
        } else {
          split.train.append(recording)
        }
      }
    }
    return try checked(split, expected: "a folder for each class with recordings in it")
  }

  private func checked(_ split: DataSplit, expected: String) throws -> DataSplit {
    guard !(split.train.isEmpty && split.validation.isEmpty && split.test.isEmpty) else {
      throw DataError.empty(folder: folder, layout: description.layout.rawValue, expected: expected)
    }
    return split
  }

  private func files(in folder: String, endings: [String]?) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: folder)
        .filter { name in
          let isOfKind = endings.map { $0.contains { name.lowercased().hasSuffix(".\($0)") } } ?? true
          return isOfKind && !name.hasPrefix(".")
        }
        .sorted()
    } catch {
      throw DataError.missingFolder(folder)
    }
  }

  private func subfolders(of folder: String) throws -> [String] {
    try files(in: folder, endings: nil).filter { name in
      var isFolder: ObjCBool = false
      return FileManager.default.fileExists(atPath: "\(folder)/\(name)", isDirectory: &isFolder) && isFolder.boolValue
    }
  }

  private func list(_ path: String) throws -> Set<String> {
    Set(
      try listText(path).split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        .filter { !$0.isEmpty && !$0.hasPrefix("#") })
  }

  private func listText(_ path: String) throws -> String {
    try knownLists[path] ?? text(path.hasPrefix("/") ? path : "\(recipeFolder)/\(path)")
  }

  private func text(_ path: String) throws -> String {
    do {
      return try String(contentsOfFile: path, encoding: .utf8)
    } catch {
      throw DataError.unreadable(path: path, reason: "there is no such text file")
    }
  }

  private func stem(_ name: String) -> String {
    name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }
}
