import Foundation
import Learning
import Numerics

/// The sound files that streams are composed of, divided into parts.
struct StreamFiles: Sendable {
  /// A file, and where it belongs.
  struct Entry: Sendable {
    let path: String
    /// Path below the data folder.
    let name: String
    /// Place of the folder or list that it comes from among those of its kind.
    var set = 0
  }

  /// Files of each word, of each set of speech, and of noise.
  var words: [[Entry]]
  var speech: [[Entry]]
  var noise: [Entry]

  static let parts: [DataPart] = [.train, .validation, .test]

  /// Finds the files of a part.
  ///
  /// - Throws: `DataError` for folders and lists that are not there or empty.
  static func find(
    _ stream: StreamDataDescription, dataFolder: String, recipeFolder: String
  ) throws -> [DataPart: StreamFiles] {
    let lists = try [(DataPart.validation, stream.validationList), (.test, stream.testList)].compactMap {
      part, path in try path.map { (part, try PartList($0, folder: recipeFolder)) }
    }
    func divided(_ paths: [String]) throws -> [DataPart: [Entry]] {
      var parts: [DataPart: [Entry]] = [:]
      for (set, path) in paths.enumerated() {
        for var entry in try entries(path, dataFolder) {
          entry.set = set
          parts[part(of: entry.name, lists, share: stream.validationShare), default: []].append(entry)
        }
      }
      return parts
    }
    let words = try stream.labels.map { try divided(stream.words[$0] ?? []) }
    let speech = try stream.speech.map { try divided([$0]) }
    let noise = try divided(stream.noise)
    for (part, list) in lists {
      let all = (words + speech + [noise]).contains { !($0[part] ?? []).isEmpty }
      guard all else { throw DataError.foreignList(path: list.path, lines: list.count, first: list.first) }
    }
    return Dictionary(
      uniqueKeysWithValues: parts.map { part in
        (
          part,
          StreamFiles(
            words: words.map { $0[part] ?? [] }, speech: speech.map { $0[part] ?? [] }.filter { !$0.isEmpty },
            noise: noise[part] ?? [])
        )
      })
  }

  private static func part(of name: String, _ lists: [(DataPart, PartList)], share: Double) -> DataPart {
    for (part, list) in lists where list.contains(name) { return part }
    guard lists.isEmpty else { return .train }
    // A speaker's takes bear the same name before the mark that Speech Commands uses.
    let key = name.range(of: "_nohash").map { String(name[..<$0.lowerBound].split(separator: "/").last ?? "") } ?? name
    var random = RandomStream(seed: 0, purpose: key)
    return random.uniform() < share ? .validation : .train
  }

  /// The sound files of a folder, or those that a list names.
  private static func entries(_ path: String, _ dataFolder: String) throws -> [Entry] {
    let full = path.hasPrefix("/") ? path : "\(dataFolder)/\(path)"
    func entry(_ file: String) -> Entry {
      Entry(path: file, name: file.hasPrefix(dataFolder + "/") ? String(file.dropFirst(dataFolder.count + 1)) : file)
    }
    guard path.hasSuffix(".txt") else { return try SoundFolder(full).paths.map(entry) }
    let lines = try PartList(full, folder: "").lines
    guard !lines.isEmpty else { throw DataError.part("a list", folder: full) }
    return try lines.flatMap { line -> [Entry] in
      let file = line.hasPrefix("/") ? line : "\(dataFolder)/\(line)"
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) else {
        throw DataError.missingFile(path: file, reason: "\(full) names it, but it is not there")
      }
      return isFolder.boolValue ? try SoundFolder(file).paths.map(entry) : [entry(file)]
    }
  }
}

/// A list of files and folders, one a line.
private struct PartList: Sendable {
  let path: String
  let lines: [String]
  private let known: Set<String>

  init(_ path: String, folder: String) throws(DataError) {
    let full = path.hasPrefix("/") || folder.isEmpty ? path : "\(folder)/\(path)"
    self.path = full
    let text: String
    do {
      text = try String(contentsOfFile: full, encoding: .utf8)
    } catch {
      throw .missingFile(path: full, reason: "the recipe names this list; it is not there or no UTF-8 text")
    }
    lines = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .filter { !$0.isEmpty && !$0.hasPrefix("#") }
    known = Set(lines)
  }

  var count: Int { lines.count }
  var first: String { lines.first ?? "" }

  /// Whether a file or a folder it lies in is named.
  func contains(_ name: String) -> Bool {
    if known.contains(name) { return true }
    var rest = name[...]
    while let slash = rest.lastIndex(of: "/") {
      rest = rest[..<slash]
      if known.contains(String(rest)) { return true }
    }
    return false
  }
}
