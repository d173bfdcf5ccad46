import Numerics

/// One labelled recording of a data set.
public struct Recording: Sendable, Equatable {
  public let path: String
  /// Index into the data set's labels.
  public let label: Int
  /// Who or what made it: recordings of one group never stand on both sides of a group-disjoint split.
  public let group: String
  /// What it is a recording of, where its label is made of several: a word among the unknown ones.
  public let word: String?
  /// The stretch of the file that is meant, in microseconds of its own clock; all of it when absent.
  public let microseconds: Range<Int64>?

  public init(path: String, label: Int, group: String, word: String? = nil, microseconds: Range<Int64>? = nil) {
    self.path = path
    self.label = label
    self.group = group
    self.word = word
    self.microseconds = microseconds
  }

  /// What a file of a data set is called in messages and logs, which may be read on another machine: the last two parts of
  /// its path.
  static func shownName(ofFile path: String) -> String { path.split(separator: "/").suffix(2).joined(separator: "/") }

  /// What it is called in messages: its file, and its stretch.
  public var shownName: String {
    let name = Self.shownName(ofFile: path)
    guard let microseconds else { return name }
    let ends = [microseconds.lowerBound, microseconds.upperBound].map(NumberText.roundSeconds)
    return "\(name) from \(ends[0]) to \(ends[1]) s"
  }
}

/// A data set divided into its three parts.
public struct DataSplit: Sendable, Equatable {
  public let labels: [String]
  public var train: [Recording] = []
  public var validation: [Recording] = []
  public var test: [Recording] = []
  /// What else was found, and what was left out.
  public var notes: [DataNote] = []
  /// Folders of those labels that have one, and what in them was left out: for messages.
  var places: [String: String] = [:]
  var leftOut: [String: [String]] = [:]

  public init(labels: [String]) {
    self.labels = labels
  }

  mutating func add(_ recording: Recording, to part: DataPart) {
    switch part {
    case .train: train.append(recording)
    case .validation: validation.append(recording)
    case .test: test.append(recording)
    }
  }

  /// Takes recordings out of all parts.
  mutating func removeAll(where isOut: (Recording) -> Bool) {
    train.removeAll(where: isOut)
    validation.removeAll(where: isOut)
    test.removeAll(where: isOut)
  }

  /// All parts, one after another.
  var all: [(part: DataPart, recording: Recording)] {
    DataPart.allCases.flatMap { part in self[part].map { (part, $0) } }
  }

  /// The part of that name.
  public subscript(part: DataPart) -> [Recording] {
    switch part {
    case .train: train
    case .validation: validation
    case .test: test
    }
  }
}

/// The parts of a data set.
public enum DataPart: String, Codable, Sendable, CaseIterable {
  case train, validation, test
}
