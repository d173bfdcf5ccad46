import Failures

/// What is wrong with a data set.
public enum DataError: ReportedError, Equatable {
  case missingFolder(String)
  case unreadable(path: String, reason: String)
  case empty(folder: String, layout: String, expected: String)
  case part(String, folder: String)
  case unknownGroup(String, known: [String])
  case malformed(path: String, line: Int, reason: String)
  case unknownLabel(String, path: String)

  public var kind: FailureKind { .badInput }
  public var description: String {
    switch self {
    case .missingFolder(let folder): "\(folder): there is no such folder; give the data set's place with --data"
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .empty(let folder, let layout, let expected):
      "\(folder): holds nothing in the layout '\(layout)'; expected \(expected)"
    case .part(let part, let folder): "\(folder): the split leaves no recordings for \(part)"
    case .unknownGroup(let group, let known):
      "the data set has no group '\(group)'; there are \(known.joined(separator: ", "))"
    case .malformed(let path, let line, let reason): "\(path): line \(line): \(reason)"
    case .unknownLabel(let label, let path): "\(path): label '\(label)' is not among the recipe's labels"
    }
  }
}
