import Settings
import StreamSources

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

    /// Whether a recording tells who made it, so that somebody can be left out.
    public var namesGroups: Bool {
      switch self {
      case .fsdd, .speechCommands, .dvsGesture: true
      case .slayer, .trainTestFolders, .folders: false
      }
    }

    /// Whether files that list recordings divide it.
    var takesLists: Bool { self == .speechCommands || self == .folders }
  }

  public var layout: Layout
  /// The data set's folder; relative to the recipe. The command line's `--data` comes first.
  public var path: String?
  /// Labels in the order of the network's outputs; all that are found, in order of name, when absent.
  public var labels: [String]?
  /// Labels that are made of several words, each by its list: recordings in those words' folders bear the label, and
  /// learn word by word where the network's last layer is a `union`. In a folder of the label's own the word is what
  /// stands before the speaker.
  public var unions: [String: [String]]
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
  /// Whether the same recording may stand in two parts or have two labels, which is told then instead of refused.
  public var allowRepeats: Bool
  /// How the recordings are read where their content does not say.
  public var reading = RecordingOptions()

  public init(layout: Layout) {
    self.layout = layout
    trainOnAll = false
    allowRepeats = false
    unions = [:]
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case layout, path, labels, unions, leaveOut, validateOn, validationList, testList, trainOnAll, allowRepeats
    case inputFormat, sensor, aedat2Layout, csvColumns, timeUnit, group, stream, sample
    case filters, fit, turn, mirror, raw, channel, gain
  }

  public init(from decoder: any Decoder) throws {
    let values = try OptionMap(decoder, CodingKeys.self)
    layout = try values.required(choice: .layout)
    path = try values.text(.path)
    labels = try values.texts(.labels)
    unions = try values.value(.unions, or: [:])
    leaveOut = try values.text(.leaveOut)
    validateOn = try values.text(.validateOn)
    validationList = try values.text(.validationList)
    testList = try values.text(.testList)
    trainOnAll = try values.flag(.trainOnAll, or: false)
    allowRepeats = try values.flag(.allowRepeats, or: false)
    if labels?.isEmpty == true { throw values.refusal(.labels, "the list is empty") }
    if !unions.isEmpty, layout != .speechCommands {
      throw values.refusal(.unions, "is for the layout 'speechCommands', not for '\(layout.rawValue)'; take it out")
    }
    for label in unions.keys.sorted() where labels?.contains(label) != true {
      throw values.refusal(.unions, "'\(label)' is none of the labels; add it there")
    }
    for (label, words) in unions.sorted(by: { $0.key < $1.key }) {
      if let word = words.first(where: { labels?.contains($0) == true }) {
        throw values.refusal(.unions, "'\(word)' of '\(label)' is a label of its own; take it out of one of them")
      }
    }
    for (setting, key) in Self.readingKeys {
      let isList = setting == .filters
      guard let text = try isList ? values.texts(key)?.joined(separator: " ") : values.text(key) else { continue }
      guard reading.set(setting, to: text) else {
        throw values.refusal(key, "is '\(text)', allowed is \(setting.allowed)")
      }
    }
  }

  private static let readingKeys = RecordingOptions.Setting.allCases.compactMap { setting in
    CodingKeys(rawValue: setting.rawValue).map { (setting, $0) }
  }

  /// Choices that are off are left out, so that a recipe's digest does not depend on what could have been asked for.
  public func encode(to encoder: any Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(layout, forKey: .layout)
    try values.encodeIfPresent(path, forKey: .path)
    try values.encodeIfPresent(labels, forKey: .labels)
    if !unions.isEmpty { try values.encode(unions, forKey: .unions) }
    try values.encodeIfPresent(leaveOut, forKey: .leaveOut)
    try values.encodeIfPresent(validateOn, forKey: .validateOn)
    try values.encodeIfPresent(validationList, forKey: .validationList)
    try values.encodeIfPresent(testList, forKey: .testList)
    try values.encode(trainOnAll, forKey: .trainOnAll)
    if allowRepeats { try values.encode(allowRepeats, forKey: .allowRepeats) }
    for (setting, key) in Self.readingKeys where setting != .filters {
      try values.encodeIfPresent(reading.text(of: setting), forKey: key)
    }
    try values.encodeIfPresent(reading.filters, forKey: .filters)
  }

  /// The words and labels that a network with a union at its end tells apart, in the order of its outputs.
  ///
  /// - Parameter labels: in the order of the network's labels.
  func outputs(of labels: [String]) -> [String] { labels.flatMap { unions[$0] ?? [$0] } }

  /// Whether the layout can divide the data as it is asked to.
  public func check() throws(DataError) {
    let layout = "the layout '\(layout.rawValue)'"
    if let leaveOut {
      guard self.layout.namesGroups else {
        let others = Layout.allCases.filter(\.namesGroups).map(\.rawValue).joined(separator: ", ")
        throw .choice(
          "leaveOut",
          reason: "\(layout) does not tell who made a recording, so '\(leaveOut)' cannot be left out; take "
            + "it out, or use a layout that does (\(others))")
      }
      if trainOnAll {
        throw .choice("trainOnAll", reason: "leaves nothing for a test, leaveOut asks for one; take one out")
      }
      if validateOn == leaveOut {
        throw .choice(
          "validateOn", reason: "'\(leaveOut)' is left out for the test and cannot validate too; name another")
      }
    } else if let validateOn {
      throw .choice(
        "validateOn", reason: "'\(validateOn)' validates only beside a group that is left out; give leaveOut too")
    }
    if trainOnAll, self.layout != .fsdd {
      throw .choice("trainOnAll", reason: "is for the layout 'fsdd', not for \(layout); take it out")
    }
    for (option, list) in [("validationList", validationList), ("testList", testList)] where list != nil {
      guard self.layout.takesLists else {
        throw .choice(option, reason: "\(layout) has a split of its own and takes no lists; take it out")
      }
    }
  }
}
