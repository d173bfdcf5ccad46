import Pipelines

/// Where a data set lies, how its publisher lays it out and how it is divided.
public struct DataDescription: Codable, Sendable, Equatable {
  public enum Layout: String, Codable, Sendable, CaseIterable {
    /// Free Spoken Digit Dataset: `{digit}_{speaker}_{take}.wav` in one folder.
    case fsdd
    /// Google Speech Commands: a folder a word, `{speaker}_nohash_{take}.wav`.
    case speechCommands
    /// N-MNIST as `train.txt` and `test.txt` with a number and a class a line, recordings `{number}.bs2` beside them.
    case slayer
    /// N-MNIST and N-Caltech as published: `Train/{class}/*.bin` and `Test/{class}/*.bin`.
    case trainTestFolders
    /// DVS128 Gesture: `trials_to_train.txt`, `trials_to_test.txt`, `userNN_light.aedat` and `…_labels.csv`.
    case dvsGesture
    /// A folder a class with recordings of any supported kind.
    case folders
  }

  public var layout: Layout
  /// The data set's folder; relative to the recipe. The command line's `--data` comes first.
  public var path: String?
  /// Labels in the order of the network's outputs; all that are found, in order of name, when absent.
  public var labels: [String]?
  /// The group that is the test part, all others being train and validation (leave one speaker out).
  public var leaveOut: String?
  /// With `leaveOut`: another group that is the validation part, so that settings can be chosen for unseen groups
  /// without looking at the one that is left out.
  public var validateOn: String?
  /// Files that list the groups (or file stems, or paths) of the validation and the test part, one a line.
  public var validationList: String?
  public var testList: String?
  /// For `fsdd`: train on every take but the validation takes; nothing is left for a test.
  public var trainOnAll: Bool
  /// How the recordings are read where their content does not say.
  public var reading = RecordingOptions()

  public init(layout: Layout) {
    self.layout = layout
    trainOnAll = false
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case layout, path, labels, leaveOut, validateOn, validationList, testList, trainOnAll
    case inputFormat, sensor, aedat2Layout, csvColumns, timeUnit, group, stream, sample, raw, channel, gain
  }

  public init(from decoder: any Decoder) throws {
    let values = try Options(decoder, CodingKeys.self)
    layout = try values.required(.layout)
    path = try values.value(.path, or: nil)
    labels = try values.value(.labels, or: nil)
    leaveOut = try values.value(.leaveOut, or: nil)
    validateOn = try values.value(.validateOn, or: nil)
    validationList = try values.value(.validationList, or: nil)
    testList = try values.value(.testList, or: nil)
    trainOnAll = try values.value(.trainOnAll, or: false)
    for (setting, key) in Self.readingKeys {
      guard let text = try values.text(key) else { continue }
      guard reading.set(setting, to: text) else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: decoder.codingPath + [key], debugDescription: "is '\(text)', allowed is \(setting.allowed)")
        )
      }
    }
  }

  private static let readingKeys = RecordingOptions.Setting.allCases.compactMap { setting in
    CodingKeys(rawValue: setting.rawValue).map { (setting, $0) }
  }

  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(layout, forKey: .layout)
    try values.encodeIfPresent(path, forKey: .path)
    try values.encodeIfPresent(labels, forKey: .labels)
    try values.encodeIfPresent(leaveOut, forKey: .leaveOut)
    try values.encodeIfPresent(validateOn, forKey: .validateOn)
    try values.encodeIfPresent(validationList, forKey: .validationList)
    try values.encodeIfPresent(testList, forKey: .testList)
    try values.encode(trainOnAll, forKey: .trainOnAll)
    for (setting, key) in Self.readingKeys { try values.encodeIfPresent(reading.text(of: setting), forKey: key) }
  }
}
