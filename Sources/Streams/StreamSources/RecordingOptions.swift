import Audio
import EventFormats
import Events

/// How recordings of either sense are read where their content does not say: what commands, recipes and the daemon's
/// sources can be told.
public struct RecordingOptions: Sendable, Equatable {
  public var events: EventReadingOptions
  public var sound: SoundReadingOptions
  /// What events go through before models get them, one filter after the other, as `EventFilterChain` takes them.
  public var filters: [String]?
  /// How a camera's picture comes onto a model's sensor, as far as it is said.
  public var mode: SensorFit.Mode?
  public var turn: SensorFit.Turn?
  public var isMirrored: Bool?

  /// The same with what is not said.
  public var fit: SensorFit { SensorFit(mode ?? .scale, turn: turn ?? .none, isMirrored: isMirrored ?? false) }

  public init(events: EventReadingOptions = EventReadingOptions(), sound: SoundReadingOptions = SoundReadingOptions()) {
    self.events = events
    self.sound = sound
  }

  /// One thing that can be told, by the name that recipes use; `flag` and `key` are those of commands and
  /// configurations.
  public enum Setting: String, Sendable, CaseIterable {
    case inputFormat, sensor, aedat2Layout, csvColumns, timeUnit, group, stream, sample
    case filters, fit, turn, mirror
    case raw, channel, gain

    /// As a configuration spells it: `csv_columns`.
    public var key: String { spelled(with: "_") }
    /// As a command spells it: `--csv-columns`.
    public var flag: String { "--" + spelled(with: "-") }

    private func spelled(with separator: String) -> String {
      rawValue.map { $0.isUppercase ? separator + $0.lowercased() : String($0) }.joined()
    }

    /// The setting that answers a reader's question; nil where none does.
    public init?(_ subject: ReadingSubject) {
      switch subject {
      case .format: self = .inputFormat
      case .columns: self = .csvColumns
      case .timeUnit: self = .timeUnit
      case .layout: self = .aedat2Layout
      case .sensor: self = .sensor
      case .group: self = .group
      case .stream: self = .stream
      case .sample: self = .sample
      case .origin, .polarity: return nil
      }
    }

    /// What can be given, for messages.
    public var allowed: String {
      switch self {
      case .inputFormat: EventFormat.allCases.map(\.rawValue).joined(separator: ", ")
      case .sensor: "a size such as 640x480"
      case .aedat2Layout: AEDAT2Layout.allCases.map(\.rawValue).joined(separator: ", ")
      case .csvColumns: "the columns of time, x, y and polarity, counted from 0, such as 0,1,2,3"
      case .timeUnit: EventTimeUnit.allCases.map(\.rawValue).joined(separator: ", ")
      case .group: "a group of an HDF5 file, such as left/events"
      case .stream: "a camera, source or topic"
      case .sample: "a whole number of 0 or more"
      case .filters: "filters such as background=5000, with spaces between them; ganglion convert --help lists them"
      case .fit: SensorFit.Mode.allowed
      case .turn: "0, 90, 180 or 270"
      case .mirror: "true or false"
      case .raw: "encoding:rate:channels, for example s16le:16000:1"
      case .channel:
        "a whole number of \(SoundReadingOptions.channels.lowerBound) to "
          + "\(SoundReadingOptions.channels.upperBound)"
      case .gain:
        "decibels of \(Int(SoundReadingOptions.gains.lowerBound)) to \(Int(SoundReadingOptions.gains.upperBound))"
      }
    }
  }

  /// Takes a setting as text; false where it is none that is allowed.
  public mutating func set(_ setting: Setting, to text: String) -> Bool {
    func accept<Value>(_ value: Value?, _ take: (Value) -> Void) -> Bool {
      if let value { take(value) }
      return value != nil
    }
    switch setting {
    case .inputFormat: return accept(EventFormat(rawValue: text)) { events.format = $0 }
    case .sensor: return accept(SensorGeometry(text)) { events.geometry = $0 }
    case .aedat2Layout: return accept(AEDAT2Layout(rawValue: text)) { events.aedat2Layout = $0 }
    case .csvColumns: return accept(CSVOptions(columns: text)) { events.csv = $0 }
    case .timeUnit: return accept(EventTimeUnit(rawValue: text)) { events.timeUnit = $0 }
    case .group: return accept(text.isEmpty ? nil : text) { events.group = $0 }
    case .stream: return accept(text.isEmpty ? nil : text) { events.stream = $0 }
    case .sample: return accept(Int(text).flatMap { $0 >= 0 ? $0 : nil }) { events.sample = $0 }
    case .filters:
      let named = text.split(separator: " ").map(String.init)
      let isRead = !named.isEmpty && named.allSatisfy { EventFilterChain.problem(of: $0) == nil }
      return accept(isRead ? named : nil) { filters = $0 }
    case .fit: return accept(SensorFit.Mode(text)) { mode = $0 }
    case .turn: return accept(Int(text).flatMap { SensorFit.Turn(rawValue: $0) }) { turn = $0 }
    case .mirror: return accept(Bool(text)) { isMirrored = $0 }
    case .raw:
      let isRead = (try? RawFormat(parsing: text, defaultSampleRate: 16_000)) != nil
      return accept(isRead ? text : nil) { sound.raw = $0 }
    case .channel:
      return accept(Int(text).flatMap { SoundReadingOptions.channels.contains($0) ? $0 : nil }) { sound.channel = $0 }
    case .gain:
      return accept(Double(text).flatMap { SoundReadingOptions.gains.contains($0) ? $0 : nil }) { sound.gain = $0 }
    }
  }

  /// A setting as text; nil where it is not given.
  public func text(of setting: Setting) -> String? {
    switch setting {
    case .inputFormat: events.format?.rawValue
    case .sensor: events.geometry?.description
    case .aedat2Layout: events.aedat2Layout?.rawValue
    case .csvColumns: events.csv.columns
    case .timeUnit: events.timeUnit?.rawValue
    case .group: events.group
    case .stream: events.stream
    case .sample: events.sample == 0 ? nil : "\(events.sample)"
    case .filters: filters?.joined(separator: " ")
    case .fit: mode?.text
    case .turn: turn.map { "\($0.rawValue)" }
    case .mirror: isMirrored.map { "\($0)" }
    case .raw: sound.raw
    case .channel: sound.channel.map { "\($0)" }
    case .gain: sound.gain == 0 ? nil : "\(sound.gain)"
    }
  }

  /// What these options say, and the others where these are silent.
  public func completed(by others: RecordingOptions) -> RecordingOptions {
    var made = others
    for setting in Setting.allCases {
      if let text = text(of: setting) { _ = made.set(setting, to: text) }
    }
    return made
  }
}
