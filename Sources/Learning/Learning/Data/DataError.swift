import Failures
import Foundation

/// What is wrong with a data set.
public enum DataError: ReportedError, Equatable {
  case missingFolder(String)
  case unreadable(path: String, reason: String)
  /// A file that is not there, or may not be opened.
  case missingFile(path: String, reason: String)
  case empty(folder: String, layout: String, expected: String)
  /// Folders, but none of them is named like a label.
  case noLabel(folder: String, labels: [String], folders: [String])
  case part(String, folder: String)
  case unknownGroup(String, known: [String])
  case malformed(path: String, line: Int, reason: String)
  case unknownLabel(String, path: String)
  /// A choice that the layout cannot make, or that contradicts another.
  case choice(String, reason: String)
  /// A list of which no line names a recording.
  case foreignList(path: String, lines: Int, first: String)
  /// A class without recordings to learn from; what was found instead.
  case emptyClass(String, place: String, found: [String])
  /// A folder that would be a class, but whose name is no text.
  case unreadableName(String, folder: String)
  /// The same recording in two parts, or with two labels.
  case repeated(count: Int, what: String, first: String, remedy: String)
  /// A part in whose recordings nothing is heard or seen.
  case silentPart(DataPart, recordings: Int)

  public var kind: FailureKind {
    switch self {
    case .missingFolder, .missingFile: .missing
    default: .badInput
    }
  }
  public var description: String {
    switch self {
    case .missingFolder(let folder): "\(folder): there is no such folder; check the path, --data names the data set's"
    case .unreadable(let path, let reason), .missingFile(let path, let reason): "\(path): cannot be read: \(reason)"
    case .empty(let folder, let layout, let expected):
      "\(folder): holds nothing in the layout '\(layout)'; expected \(expected)"
    case .noLabel(let folder, let labels, let folders):
      "\(folder): none of its \(folders.count) folders bears a label of the model (\(firstOf(labels))), there are "
        + "\(firstOf(folders)); check the path, or name the folders like the labels"
    case .part(let part, let folder): "\(folder): the split leaves no recordings for \(part)"
    case .unknownGroup(let group, let known):
      "the data set has no group '\(group)'; there are \(known.joined(separator: ", "))"
    case .malformed(let path, let line, let reason): "\(path): line \(line): \(reason)"
    case .unknownLabel(let label, let path): "\(path): label '\(label)' is not among the recipe's labels"
    case .choice(let option, let reason): "\(option): \(reason)"
    case .foreignList(let path, let lines, let first):
      "\(path): none of its \(lines) lines names a recording of the data set, the first is '\(first)'; "
        + "write speakers, names or paths as class/name, one a line"
    case .emptyClass(let label, let place, let found):
      "\(place): holds no recording of '\(label)' to learn from\(found.isEmpty ? "" : " (\(firstOf(found)))"); "
        + "put some there, or leave the label out"
    case .unreadableName(let name, let folder):
      "\(folder)/\(name): the folder's name is no UTF-8 text and cannot be a label; rename it"
    case .repeated(let count, let what, let first, let remedy):
      "the same recording \(what) (\(count)): \(first); \(remedy)"
    case .silentPart(let part, let recordings):
      "nothing is in any of the \(recordings) recordings of the \(part.rawValue) part; check the recordings, and the "
        + "encoder's settings"
    }
  }
}
