import ArgumentParser
import EventFormats
import Events

extension EventFormat: ExpressibleByArgument {}
extension EventStrictness: ExpressibleByArgument {}
extension TimeOrigin: ExpressibleByArgument {}
extension AEDAT2Layout: ExpressibleByArgument {}
extension EventTimeUnit: ExpressibleByArgument {}

extension SensorGeometry: ExpressibleByArgument {
  public init?(argument: String) {
    self.init(argument)
  }
}

/// How an event recording is read: the same options wherever one is.
struct EventInputOptions: ParsableArguments {
  @Option(name: .customLong("input-format"), help: "Format of the input, instead of recognising it by content.")
  var inputFormat: EventFormat?

  @Option(help: "Sensor of a recording that does not name it, as 640x480.")
  var sensor: SensorGeometry?

  @Option(help: "What to do about broken rules of the format: count them and go on, stop at the first, or ignore them.")
  var strictness: EventStrictness = .report

  @Option(help: "Which moment is time zero.")
  var timeOrigin: TimeOrigin = .absolute

  @Option(help: "How an AEDAT 1 or 2 address is cut, instead of going by the header.")
  var aedat2Layout: AEDAT2Layout?

  @Option(help: "Columns of a text that hold time, x, y and polarity, counted from 0, as 0,1,2,3.")
  var csvColumns: String?

  @Option(help: "Unit of the times of a text, NPY, NPZ or HDF5.")
  var timeUnit: EventTimeUnit?

  @Option(help: "Which recording of a file with many (SHD, SSC), from 0.")
  var sample: Int = 0

  /// The same for the readers.
  func readingOptions() throws -> EventReadingOptions {
    var options = EventReadingOptions(
      format: inputFormat, geometry: sensor, strictness: strictness, timeOrigin: timeOrigin)
    options.aedat2Layout = aedat2Layout
    options.sample = sample
    options.csv.timeUnit = timeUnit
    if let csvColumns {
      let columns = csvColumns.split(separator: ",").compactMap { Int($0) }
      guard columns.count == 4, columns.allSatisfy({ $0 >= 0 }) else {
        throw ValidationError("--csv-columns takes four numbers, as 0,1,2,3")
      }
      options.csv.timeColumn = columns[0]
      options.csv.xColumn = columns[1]
      options.csv.yColumn = columns[2]
      options.csv.polarityColumn = columns[3]
    }
    return options
  }
}
