import EncoderList
import Foundation
import ModelFiles

/// Finds the recordings of a data set on disk and divides them as its description says.
public struct DataSet {
  let description: DataDescription
  let folder: String
  /// Folder that relative list files are looked up in.
  let recipeFolder: String
  /// What list files hold, by the path the description gives, where the files themselves are not at hand.
  let knownLists: [String: String]
  /// What the recordings are read as; either, where it is not known.
  let sense: Sense?

  public init(
    _ description: DataDescription, folder: String, recipeFolder: String, knownLists: [String: String] = [:],
    sense: Sense? = nil
  ) {
    self.description = description
    var folder = folder
    while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
    self.folder = folder
    self.recipeFolder = recipeFolder
    self.knownLists = knownLists
    self.sense = sense
  }

  /// The text of every list file that the description names, by the path it gives.
  public func lists() throws -> [String: String] {
    var lists: [String: String] = [:]
    for path in [description.validationList, description.testList].compactMap({ $0 }) {
      lists[path] = try listText(path)
    }
    return lists
  }

  /// The recordings of each part, in an order that does not depend on the file system, with what else was found.
  ///
  /// - Throws: `DataError` where the data are not laid out or cannot be divided as described.
  public func split() throws -> DataSplit {
    try description.check()
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: folder, isDirectory: &isFolder), isFolder.boolValue else {
      throw DataError.missingFolder(folder)
    }
    let (split, expected) =
      switch description.layout {
      case .fsdd: (try spokenDigits(), "files named {digit}_{speaker}_{take}.wav")
      case .speechCommands: (try speechCommands(), "a folder for each word")
      case .slayer: (try slayer(), "train.txt and test.txt with a number and a class a line")
      case .trainTestFolders: (try trainTestFolders(), "Train/{class}/ and Test/{class}/ with recordings")
      case .folders: (try folders(), "a folder for each class with recordings in it")
      case .dvsGesture: (try gestures(), "trials_to_train.txt and trials_to_test.txt that name recordings")
      }
    guard !(split.train.isEmpty && split.validation.isEmpty && split.test.isEmpty) else {
      throw DataError.empty(folder: folder, layout: description.layout.rawValue, expected: expected)
    }
    return split
  }

  /// What has to be so before anything learns from a split: recordings of every class that has a folder or is asked for
  /// by name to learn from, and some to validate on; and to test on where the data set has a test part.
  ///
  /// - Returns: what else should be known.
  public func requireTrainable(_ split: DataSplit) throws(DataError) -> [DataNote] {
    for part in [DataPart.train, .validation] where split[part].isEmpty {
      throw .part(part.rawValue, folder: folder)
    }
    if split.test.isEmpty, description.testList != nil || ![.fsdd, .folders].contains(description.layout) {
      throw .part(DataPart.test.rawValue, folder: folder)
    }
    for (index, label) in split.labels.enumerated() where !split.train.contains(where: { $0.label == index }) {
      // Of a published set with names of its own, a part may be at hand.
      if split.places[label] == nil, description.labels == nil { continue }
      throw .emptyClass(label, place: split.places[label] ?? folder, found: split.leftOut[label] ?? [])
    }
    let parts: [DataPart] = split.test.isEmpty ? [.train, .validation] : DataPart.allCases
    var notes = parts.compactMap { part in
      let present = Set(split[part].map(\.label))
      return DataNote(
        "labels without a recording in the \(part.rawValue) part",
        split.labels.indices.filter { !present.contains($0) }.map { split.labels[$0] })
    }
    if split.test.isEmpty, !description.trainOnAll, let note = DataNote("parts without a recording", ["test"]) {
      notes.append(note)
    }
    return notes
  }

  func listText(_ path: String) throws -> String {
    try knownLists[path] ?? text(path.hasPrefix("/") ? path : "\(recipeFolder)/\(path)")
  }

  func list(_ path: String) throws -> RecordingList {
    RecordingList(path: path, text: try listText(path))
  }

  func text(_ path: String) throws -> String {
    guard let bytes = FileManager.default.contents(atPath: path) else {
      throw DataError.missingFile(path: path, reason: "there is no such text file")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw DataError.unreadable(path: path, reason: "it is no UTF-8 text")
    }
    return text
  }

  func stem(_ name: String) -> String {
    name.lastIndex(of: ".").map { String(name[..<$0]) } ?? name
  }

  func files(_ sense: Sense? = nil) -> RecordingFiles {
    RecordingFiles(sense: sense ?? self.sense, reading: description.reading, root: folder)
  }
}
