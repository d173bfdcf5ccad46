import ArgumentParser
import CommandSupport
import EventFormats
import Events
import StreamSources

/// How an event recording is read: the same options wherever one is.
struct EventInputOptions: ParsableArguments {
  @Option(name: .customLong("input-format"), help: "Format of the input, instead of recognising it by content.")
  var inputFormat: EventFormat?

  @Option(help: "Sensor of a recording that does not name it, as 640x480.")
  var sensor: SensorGeometry?

  @Option(help: "How an AEDAT 1 or 2 address is cut, instead of going by the header.")
  var aedat2Layout: AEDAT2Layout?

  @Option(help: "Columns of a text or array that hold time, x, y and polarity, counted from 0, as 0,1,2,3.")
  var csvColumns: String?

  @Option(help: "Unit of the times of a text, NPY, NPZ or HDF5.")
  var timeUnit: EventTimeUnit?

  @Option(help: "Group of an HDF5 file that holds the events, as left/events.")
  var group: String?

  @Option(help: "Which recording of a file with many (SHD, SSC), from 0.")
  var sample: Int = 0

  func validate() throws {
    guard sample >= 0 else { throw ValidationError("--sample is \(sample), allowed is 0 or more") }
  }

  /// The same for the readers.
  func readingOptions() throws -> EventReadingOptions {
    var options = EventReadingOptions(format: inputFormat, geometry: sensor)
    options.aedat2Layout = aedat2Layout
    options.sample = sample
    options.timeUnit = timeUnit
    options.group = group
    if let csvColumns {
      guard let columns = CSVOptions(columns: csvColumns) else {
        throw ValidationError(
          "--csv-columns is '\(csvColumns)', allowed is \(RecordingOptions.Setting.csvColumns.allowed)")
      }
      options.csv = columns
    }
    return options
  }
}

/// Which camera of several is read.
struct CameraOption: ParsableArguments {
  @Option(
    name: [.customLong("stream"), .customLong("camera")],
    help: "Camera, source or topic of a recording of several; ganglion info lists them.")
  var stream: String?
}

/// The same for a command to which `--stream` means something else.
struct OtherCameraOption: ParsableArguments {
  @Option(
    name: .customLong("camera"), help: "Camera, source or topic of a recording of several; ganglion info lists them.")
  var stream: String?
}

/// What commands about one recording of events can be told besides: results of models count from the first event.
struct EventReportOptions: ParsableArguments {
  @OptionGroup var input: EventInputOptions
  @OptionGroup var camera: CameraOption

  @Option(help: "What to do about broken rules of the format: count them and go on, stop at the first, or ignore them.")
  var strictness: EventStrictness = .report

  @Option(help: "Which moment is time zero.")
  var timeOrigin: TimeOrigin = .absolute

  /// The same for the readers.
  func readingOptions() throws -> EventReadingOptions {
    var options = try input.readingOptions()
    options.stream = camera.stream
    options.strictness = strictness
    options.timeOrigin = timeOrigin
    return options
  }
}
