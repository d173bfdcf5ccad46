import EncoderList
import ModelFiles

// Layouts in which every class has a folder of its own.
extension DataSet {
  /// Speech Commands: the speaker is the word before `_nohash_`, or the whole stem where there is none.
  func speechCommands() throws -> DataSplit {
    let classes = try ClassFolders(
      folder, labels: description.labels, words: description.unions.values.flatMap { $0 })
    var validation = try description.validationList.map(list) ?? publishedList("validation_list.txt")
    var test = try description.testList.map(list) ?? publishedList("testing_list.txt")
    var split = DataSplit(labels: classes.labels)
    var speakers: Set<String> = []
    var listedTwice: [String] = []
    try scan(classes, sense ?? .sound, &split) { recording, names, _ in
      let isTest = test.contains(names)
      let isValidation = validation.contains(names)
      speakers.insert(recording.group)
      if let leaveOut = description.leaveOut {
        if recording.group == leaveOut { return .test }
        if let validateOn = description.validateOn { return recording.group == validateOn ? .validation : .train }
        return isValidation ? .validation : .train
      }
      if isTest, isValidation { listedTwice.append(recording.shownName) }
      return isTest ? .test : isValidation ? .validation : .train
    }
    try requireGroups(speakers)
    split.notes += [DataNote(Self.inBothLists, listedTwice)].compactMap { $0 }
    // Of these lists only those that divide the data have to fit them.
    let lists = description.leaveOut == nil ? [validation, test] : description.validateOn == nil ? [validation] : []
    for list in lists {
      if let note = try list.note(knowing: { try classes.otherNames(Self.commandNames) }) { split.notes.append(note) }
    }
    return split
  }

  /// The test part comes first: what is in both lists is in no other part.
  private static let inBothLists = "recordings that stand in both lists, taken for the test"

  private func publishedList(_ name: String) throws -> RecordingList {
    RecordingList(path: "\(folder)/\(name)", text: try text("\(folder)/\(name)"))
  }

  /// The word of `word_speaker_nohash_0.wav`.
  private static func wordBeforeSpeaker(_ name: String) -> String? {
    let parts = name.range(of: "_nohash_").map { name[..<$0.lowerBound].split(separator: "_") } ?? []
    return parts.count > 1 ? parts.dropLast().joined(separator: "_") : nil
  }

  /// What a list can call a recording: its speaker, its name with or without an ending, or class and name.
  private static func commandNames(_ label: String, _ name: String) -> [String] {
    let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    let speaker = name.range(of: "_nohash_").flatMap { name[..<$0.lowerBound].split(separator: "_").last }
    return [speaker.map(String.init) ?? stem, stem, name, "\(label)/\(stem)", "\(label)/\(name)"]
  }

  /// A folder a class; lists name the parts, or every fifth recording is the test and every tenth the validation part.
  func folders() throws -> DataSplit {
    let classes = try ClassFolders(folder, labels: description.labels)
    var validation = try description.validationList.map(list)
    var test = try description.testList.map(list)
    var split = DataSplit(labels: classes.labels)
    var listedTwice: [String] = []
    try scan(classes, sense, &split) { recording, names, place in
      // Both are asked, so that each knows which of its lines name something.
      let isTest = test?.contains(names)
      let isValidation = validation?.contains(names)
      if isTest == true, isValidation == true { listedTwice.append(recording.shownName) }
      if isTest ?? (isValidation != true && place % 5 == 4) { return .test }
      return isValidation ?? (place % 10 == 3) ? .validation : .train
    }
    split.notes += [DataNote(Self.inBothLists, listedTwice)].compactMap { $0 }
    for list in [validation, test].compactMap({ $0 }) {
      if let note = try list.note(knowing: { try classes.otherNames(Self.folderNames) }) { split.notes.append(note) }
    }
    if let note = DataNote(
      "files beside the classes' folders, not looked into",
      classes.loose.filter(files().isNamedLikeOne))
    {
      split.notes.append(note)
    }
    return split
  }

  private static func folderNames(_ label: String, _ name: String) -> [String] {
    let stem = name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
    return [stem, name, "\(label)/\(stem)", "\(label)/\(name)"]
  }

  /// `Train/{class}` and `Test/{class}`; every tenth of the training part, in order of name, is the validation part.
  func trainTestFolders() throws -> DataSplit {
    let training = try ClassFolders("\(folder)/Train", labels: description.labels)
    let testing = try ClassFolders("\(folder)/Test", labels: training.labels)
    var split = DataSplit(labels: training.labels)
    try scan(training, sense ?? .events, &split) { _, _, place in place % 10 == 0 ? .validation : .train }
    try scan(testing, sense ?? .events, &split) { _, _, _ in .test }
    if let note = DataNote("folders of the test part that are no class of the training part", testing.others) {
      split.notes.append(note)
    }
    return split
  }

  /// Puts every recording of every class into the part that `choose` gives it, by its names and its place in the class.
  private func scan(
    _ classes: ClassFolders, _ sense: Sense?, _ split: inout DataSplit,
    choose: (_ recording: Recording, _ names: [String], _ place: Int) throws -> DataPart
  ) throws {
    var files = files(sense)
    let naming = description.layout == .speechCommands ? Self.commandNames : Self.folderNames
    for (index, label) in split.labels.enumerated() {
      let words = description.unions[label]
      let folders = [label] + (words ?? [])
      guard folders.contains(where: { classes.places[$0] != nil }) else {
        split.places[label] = "\(classes.folder)/\(label)"
        split.leftOut[label] = ["there is no such folder"]
        continue
      }
      for folder in folders {
        guard let place = classes.places[folder] else { continue }
        for (number, name) in try files.names(in: place).enumerated() {
          let names = naming(folder, name)
          let word = folder == label ? Self.wordBeforeSpeaker(name) : folder
          let recording = Recording(
            path: "\(place)/\(name)", label: index, group: names[0], word: words == nil ? nil : word)
          split.add(recording, to: try choose(recording, names, number))
        }
        split.places[label] = split.places[label] ?? place
        split.leftOut[label] = (split.leftOut[label] ?? []) + files.leftOut(in: place)
      }
    }
    split.notes += files.notes + [classes.note].compactMap { $0 }
  }
}

/// The folders of a data set that are classes, and the others.
struct ClassFolders {
  let folder: String
  let labels: [String]
  /// Where each label's folder is.
  private(set) var places: [String: String] = [:]
  /// Folders that nobody asked for.
  private(set) var others: [String] = []
  /// Files beside the folders.
  let loose: [String]
  let note: DataNote?

  /// - Parameters:
  ///   - labels: the classes; every folder is one when nil.
  ///   - words: folders that belong to a label by another name.
  init(_ folder: String, labels: [String]?, words: [String] = []) throws(DataError) {
    self.folder = folder
    let listing = try FolderListing(folder)
    if labels == nil, let name = listing.unreadableFolders.first {
      throw .unreadableName(name, folder: folder)
    }
    note = DataNote("folders left out, their names are no UTF-8 text; rename them", listing.unreadableFolders)
    self.labels = labels ?? listing.folders
    loose = listing.files
    // A label may be spelt with other code points than its folder, as an accent of its own.
    for name in listing.folders {
      if let label = (self.labels + words).first(where: { $0 == name }) {
        places[label] = "\(folder)/\(name)"
      } else {
        others.append(name)
      }
    }
    if places.isEmpty, !others.isEmpty { throw .noLabel(folder: folder, labels: self.labels, folders: others) }
  }

  /// What the recordings of the other folders can be called.
  func otherNames(_ names: (_ label: String, _ name: String) -> [String]) throws(DataError) -> Set<String> {
    var all: Set<String> = []
    for label in others {
      for name in try FolderListing("\(folder)/\(label)").files { all.formUnion(names(label, name)) }
    }
    return all
  }
}
