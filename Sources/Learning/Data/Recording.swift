/// One labelled recording of a data set.
public struct Recording: Sendable, Equatable {
  public let path: String
  /// Index into the data set's labels.
  public let label: Int
  /// Who or what made it: recordings of one group never stand on both sides of a group-disjoint split.
  public let group: String
  /// The stretch of the file that is meant, in microseconds of its own clock; all of it when absent.
  public let microseconds: Range<Int64>?

  public init(path: String, label: Int, group: String, microseconds: Range<Int64>? = nil) {
    self.path = path
    self.label = label
    self.group = group
    self.microseconds = microseconds
  }
}

/// A data set divided into its three parts.
public struct DataSplit: Sendable, Equatable {
  public let labels: [String]
  public var train: [Recording] = []
  public var validation: [Recording] = []
  public var test: [Recording] = []

  public init(labels: [String]) {
    self.labels = labels
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
