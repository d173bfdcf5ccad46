import CKernels
import Events

/// Events of an HDF5 file: one dataset of records, or one dataset a column.
struct HDF5Decoder: BlockDecoder {
  enum Layout: Sendable {
    /// Positions of the four columns among the fields of one dataset.
    case records(HDF5Dataset, fields: [Int])
    case columns([HDF5Dataset])
    /// Times and units of one sample, already read.
    case lists(times: [Int64], units: [Int64])
  }

  static var isCheapToCopy: Bool { false }
  let wordSize = 1
  let bytesTaken: Int64?
  let layout: Layout
  let count: Int
  /// Added to every time, microseconds.
  let timeOffset: Int64
  let timeScale: Double
  private var position = 0
  private static let blockSize = 16384

  init(_ layout: Layout, count: Int, timeOffset: Int64 = 0, timeUnit: EventTimeUnit?, fileSize: Int64) {
    self.layout = layout
    self.count = count
    self.timeOffset = timeOffset
    let factors = (timeUnit ?? .seconds).factors
    timeScale = Double(factors.multiplier) / Double(factors.divisor)
    bytesTaken = fileSize
  }

  var isWithinPacket: Bool { position < count }

  mutating func decode(
    _ bytes: UnsafeRawBufferPointer, byteOffset: Int64, isLast: Bool, into output: ganglion_event_columns,
    report: inout ganglion_event_report
  ) throws(EventFormatError) -> DecodingProgress {
    var progress = DecodingProgress(consumed: 0, produced: 0)
    while position < count, progress.produced == 0 {
      let range = position..<position + min(count - position, Int(output.capacity), Self.blockSize)
      guard !range.isEmpty else { break }
      var columns = try columns(range)
      if timeOffset != 0 { for index in columns[0].indices { columns[0][index] &+= timeOffset } }
      var outside: Int64 = 0
      var first: Int64 = 0
      progress.produced = Int(
        ganglion_assemble_columns(
          columns[0], columns[1], columns[2], columns[3], Int64(range.count), output, &outside, &first))
      for _ in 0..<outside { report.violate(.addressOutOfRange, offset: 0) }
      position = range.upperBound
    }
    return progress
  }

  private func columns(_ range: Range<Int>) throws(EventFormatError) -> [[Int64]] {
    switch layout {
    case .records(let dataset, let fields):
      return try dataset.read(rows: range, fields: fields, scales: [timeScale, 1, 1, 1])
    case .columns(let datasets):
      var columns: [[Int64]] = []
      for (index, dataset) in datasets.enumerated() {
        columns += try dataset.read(rows: range, fields: [], scales: [index == 0 ? timeScale : 1])
      }
      return columns
    case .lists(let times, let units):
      return [
        Array(times[range]), Array(units[range]), [Int64](repeating: 0, count: range.count),
        [Int64](repeating: 1, count: range.count),
      ]
    }
  }
}

func openHDF5(_ opened: InputBuffer, _ options: EventReadingOptions) throws(EventFormatError) -> any EventReader {
  let file = try HDF5File(SeekableFile(opened))
  let found = try findEvents(file, options)
  var geometry = options.geometry ?? found.geometry
  if geometry == nil, let width = file.number(attribute: "width"), let height = file.number(attribute: "height") {
    let named = SensorGeometry(width: Int(width), height: Int(height))
    geometry = named.isValid ? named : nil
  }
  if geometry == nil, let text = file.text(attribute: "geometry") { geometry = SensorGeometry(text) }
  return StreamingEventReader(
    input: InputBuffer(MemoryByteSource([], name: opened.name)), decoder: found.decoder, format: .hdf5,
    encoding: found.encoding, geometry: geometry, metadata: [], options: options)
}

private struct FoundEvents {
  var decoder: HDF5Decoder
  var encoding: String
  var geometry: SensorGeometry?
}

private func findEvents(_ file: HDF5File, _ options: EventReadingOptions) throws(EventFormatError) -> FoundEvents {
  let size = file.file.size
  if let times = try file.dataset("spikes/times"), times.isListOfLists, let units = try file.dataset("spikes/units") {
    guard (0..<times.count).contains(options.sample) else {
      throw EventFormatError(
        .unsupported, source: file.file.name, reason: "sample \(options.sample) of \(times.count)",
        remedy: "choose one from 0 on")
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
    let layout = HDF5Decoder.Layout.lists(
      times: order.map { HDF5Dataset.whole((seconds[$0] * 1e6).rounded()) },
      units: order.map { HDF5Dataset.whole(channels[$0].rounded(.towardZero)) })
    return FoundEvents(
      decoder: HDF5Decoder(layout, count: seconds.count, timeUnit: nil, fileSize: size),
      encoding: "spikes of sample \(options.sample) of \(times.count)",
      geometry: SensorGeometry(width: 700, height: 1))
  }
  for path in ["CD/events", "events", "data/0"] {
    guard let dataset = try file.dataset(path), !dataset.fieldNames.isEmpty else { continue }
    let fields = EventColumn.allCases.compactMap { column in
      column.name(among: dataset.fieldNames).flatMap { dataset.fieldNames.firstIndex(of: $0) }
    }
    guard fields.count == 4 else { continue }
    return FoundEvents(
      decoder: HDF5Decoder(
        .records(dataset, fields: fields), count: dataset.count, timeUnit: options.timeUnit, fileSize: size),
      encoding: "records in \(path)")
  }
  for group in ["events", "data", ""] {
    var columns: [HDF5Dataset] = []
    for column in EventColumn.allCases {
      for name in column.names {
        if let dataset = try file.dataset(group + "/" + name), dataset.fieldNames.isEmpty {
          columns.append(dataset)
          break
        }
      }
    }
    guard columns.count == 4, Set(columns.map(\.count)).count == 1 else { continue }
    // DSEC counts time from an offset kept beside the columns.
    let offset = file.number(dataset: "t_offset") ?? 0
    return FoundEvents(
      decoder: HDF5Decoder(
        .columns(columns), count: columns[0].count, timeOffset: offset, timeUnit: options.timeUnit,
        fileSize: size), encoding: "columns in /\(group)")
  }
  throw EventFormatError(
    .unsupported, source: file.file.name, reason: "none of the known layouts (Prophesee, DSEC, SHD and SSC, tonic)",
    remedy: "export t, x, y and p into a group named events")
}
