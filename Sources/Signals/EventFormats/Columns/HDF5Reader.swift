import CKernels
import Events

/// Events of an HDF5 file, a stretch of rows at a time.
struct HDF5Decoder: BlockDecoder {
  static var isCheapToCopy: Bool { false }
  let wordSize = 1
  let bytesTaken: Int64?
  var isWithinPacket: Bool { position < events.count }
  var mustHoldEvents: Bool { true }

  private let events: HDF5Events
  private let columns: EventColumns
  /// Added to every time, microseconds.
  private let timeOffset: Int64
  private var triggers: HDF5Triggers?
  private var position = 0
  /// Triggers up to here are due, microseconds.
  private var lastTime = Int64.min
  private var assembler: ColumnAssembler
  private static let blockSize = 16384

  init(
    _ events: HDF5Events, reading: EventTableFinder.Found, timeOffset: Int64, triggers: HDF5Triggers?, fileSize: Int64
  ) {
    self.events = events
    columns = reading.columns
    self.triggers = triggers
    let factors = reading.timeUnit.factors
    let (product, isBeyond) = timeOffset.multipliedReportingOverflow(by: factors.multiplier)
    self.timeOffset = isBeyond ? 0 : product / factors.divisor
    bytesTaken = fileSize
    assembler = ColumnAssembler(
      timeUnit: reading.timeUnit, minusOne: HDF5Dataset.minusOne(events.type(of: reading.columns.polarity)),
      count: events.count, largestBlock: Self.blockSize)
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into output: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    var progress = DecodingProgress(consumed: 0, produced: 0)
    guard try takeTriggers(&report) else { return progress }
    while position < events.count, progress.produced == 0 {
      let range = position..<position + min(events.count - position, Int(output.capacity), assembler.blockSize)
      guard !range.isEmpty else { break }
      let values = try events.read(range)
      for (column, index) in zip(EventColumn.allCases, columns.all) {
        values[index].bytes.withUnsafeBytes {
          assembler.take(column, $0, values[index].place, count: range.count)
        }
      }
      assembler.shiftTimes(by: timeOffset, count: range.count)
      progress.produced = assembler.assemble(range.count, into: output, report: &report)
      position = range.upperBound
      if progress.produced > 0 { lastTime = max(lastTime, output.times[progress.produced - 1]) }
    }
    if position == events.count { lastTime = .max }
    _ = try takeTriggers(&report)
    return progress
  }

  private mutating func takeTriggers(_ report: inout ganglion_event_report) throws(EventFormatError) -> Bool {
    try triggers?.take(upTo: lastTime, into: &report) ?? true
  }
}

/// The spikes of one recording of the Spiking Heidelberg Digits, already read.
struct SpikeListDecoder: BlockDecoder {
  let wordSize = 1
  let bytesTaken: Int64?
  var isWithinPacket: Bool { position < times.count }
  var mustHoldEvents: Bool { true }

  private let times: [Int64]
  private let units: [Int64]
  private var position = 0

  init(times: [Int64], units: [Int64], fileSize: Int64) {
    self.times = times
    self.units = units
    bytesTaken = fileSize
  }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into output: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    let range = position..<position + min(times.count - position, Int(output.capacity))
    position = range.upperBound
    var findings = ganglion_column_findings()
    var meaning = ganglion_polarity_meaning(minus_one: -1, darker: 1)
    let produced = ganglion_assemble_columns(
      Array(times[range]), Array(units[range]), [Int64](repeating: 0, count: range.count),
      [Int64](repeating: 1, count: range.count), Int64(range.count), &meaning, output, &findings)
    report.violate(.addressOutOfRange, count: findings.outside, offset: 0)
    return DecodingProgress(consumed: 0, produced: Int(produced))
  }
}

func openHDF5(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  let file = try HDF5File(SeekableFile(opened))
  let input = InputBuffer(MemoryByteSource([], name: opened.name))
  if options.group == nil, let reader = try openSpikeLists(file, input, options) { return reader }
  let found = try HDF5Search(file: file, options: options).find()
  var guesses = found.reading.guesses
  let sensor = options.geometry == nil ? file.geometry(of: found.events.path) : nil
  if let guess = sensor?.guess { guesses.append(guess) }
  let isTable = found.events.names == nil
  return StreamingEventReader(
    input: input,
    decoder: HDF5Decoder(
      found.events, reading: found.reading, timeOffset: file.timeOffset(of: found.events.path),
      triggers: try HDF5Triggers(file), fileSize: file.file.size),
    format: .hdf5,
    encoding: "\(found.events.title), time in \(found.reading.timeUnit.rawValue)"
      + (isTable ? ", columns \(found.reading.columns.description)" : ""),
    geometry: options.geometry ?? sensor?.size, metadata: [], guesses: guesses, options: options)
}

/// One recording of a file of spike lists; nil for any other file.
private func openSpikeLists(
  _ file: HDF5File, _ input: InputBuffer, _ options: EventReadingOptions
) throws(EventFormatError) -> (any EventReader)? {
  guard let times = try file.dataset("spikes/times"), let units = try file.dataset("spikes/units"),
    times.isListOfLists, units.isListOfLists
  else { return nil }
  guard (0..<times.count).contains(options.sample) else {
    throw EventFormatError(
      .unsupported, source: file.file.name, reason: "sample \(options.sample) of \(times.count)",
      remedy: "choose one from 0 on", subject: .sample)
  }
  let seconds = try times.list(at: options.sample)
  let channels = try units.list(at: options.sample)
  guard seconds.count == channels.count else {
    throw EventFormatError(
      .malformedHeader, source: file.file.name, reason: "\(seconds.count) times and \(channels.count) units",
      remedy: "download the file again")
  }
  // The file is not sorted: its spikes come unit by unit in some samples.
  let order = seconds.indices.sorted { (seconds[$0], $0) < (seconds[$1], $1) }
  let decoder = SpikeListDecoder(
    times: order.map { HDF5Dataset.whole((seconds[$0] * 1e6).rounded()) },
    units: order.map { HDF5Dataset.whole(channels[$0].rounded(.towardZero)) }, fileSize: file.file.size)
  return StreamingEventReader(
    input: input, decoder: decoder, format: .hdf5, encoding: "spikes of sample \(options.sample) of \(times.count)",
    geometry: options.geometry ?? SensorGeometry(width: 700, height: 1), metadata: [], options: options)
}
