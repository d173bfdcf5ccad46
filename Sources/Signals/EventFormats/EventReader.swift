import Events

/// Which moment is time zero of what a reader delivers.
public enum TimeOrigin: String, Sendable, Codable, CaseIterable {
  /// The times of the file.
  case absolute
  /// The first event is at 0.
  case firstEvent = "first-event"
}

/// How to read a recording where its content does not say.
public struct EventReadingOptions: Sendable, Equatable {
  /// Format, overriding recognition by content.
  public var format: EventFormat?
  /// Sensor, where the header does not give one; events outside are counted and dropped.
  public var geometry: SensorGeometry?
  /// What happens where a recording breaks the rules of its format.
  public var strictness: EventStrictness = .report
  /// Which moment times count from.
  public var timeOrigin: TimeOrigin = .absolute
  /// How an AEDAT 1 or 2 address is cut; nil to go by the header, DVS128 without one.
  public var aedat2Layout: AEDAT2Layout?
  /// How the columns of a text or array are read.
  public var csv = CSVOptions()
  /// Unit of the times of a text, NPY, NPZ or HDF5.
  public var timeUnit: EventTimeUnit?
  /// The group of an HDF5 file that holds the events, as `left/events`.
  public var group: String?
  /// Which camera, source or topic of a recording of several, as the format names them.
  public var stream: String?
  /// Whether a recording of several streams of which none is named is read all the same, the first of them: to say what
  /// is in it. Whoever uses the events should not.
  public var surveysStreams = false
  /// Whether single events long before the recording that they stand in front of are left out and counted; time zero is
  /// then the first of the others. See `RecordingStart`.
  public var leavesStraysOut = false
  /// Which recording of a file with many, as SHD and SSC have.
  public var sample = 0
  /// Whether only formats that are read front to back are. Others wait for the end in a temporary file, which a live
  /// stream does not have.
  public var isLive = false

  /// Everything that is not said is found in the recording.
  public init(
    format: EventFormat? = nil, geometry: SensorGeometry? = nil, strictness: EventStrictness = .report,
    timeOrigin: TimeOrigin = .absolute
  ) {
    self.format = format
    self.geometry = geometry
    self.strictness = strictness
    self.timeOrigin = timeOrigin
  }
}

/// Reads one recording front to back in bounded memory.
public protocol EventReader: Sendable {
  /// Format of the recording.
  var format: EventFormat { get }
  /// What the format says about its encoding, for people.
  var encoding: String { get }
  /// Pixel array, nil when neither the header nor the options tell.
  var geometry: SensorGeometry? { get }
  /// Lines of the header as key and value, in file order.
  var metadata: [EventMetadata] { get }
  /// What was taken for granted so far because the recording does not say it.
  var guesses: [ReadingGuess] { get }
  /// The cameras, sources or topics that the recording holds events of, where there can be several; empty otherwise.
  var streams: [RecordingStream] { get }
  /// What every byte so far became.
  var accounting: EventAccounting { get }

  /// Replaces the contents of `batch` with the next events, at most `maximum` of them.
  ///
  /// Returns false at the end of the recording, and then the batch is empty. How many events come at once depends on
  /// how the bytes arrive; the events and their order never do.
  mutating func read(into batch: inout EventBatch, maximum: Int) throws(EventFormatError) -> Bool
}

extension EventReader {
  public var streams: [RecordingStream] { [] }
}

/// One line of a header.
public struct EventMetadata: Sendable, Equatable, Codable {
  /// What is told, as the file calls it.
  public var key: String
  /// The rest of the line.
  public var value: String

  /// A line of a header.
  public init(key: String, value: String) {
    self.key = key
    self.value = value
  }
}

/// Opens a recording: a path, or `-` for standard input.
public func openEventReader(
  path: String, options: EventReadingOptions = EventReadingOptions()
) throws(EventFormatError) -> any EventReader {
  try openEventReader(source: FileByteSource(path: path), options: options)
}
