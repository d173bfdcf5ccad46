import Events

/// How events lie in an HDF5 file.
public enum HDF5Layout: String, Sendable, Codable, CaseIterable {
  /// `events/t`, `x`, `y`, `p`, as DSEC.
  case columns
  /// Records in `CD/events`, as Prophesee.
  case prophesee
  /// Records in `data/0`, as the caches of tonic.
  case tonic

  var recordPath: String? {
    switch self {
    case .columns: nil
    case .prophesee: "CD/events"
    case .tonic: "data/0"
    }
  }
}

/// HDF5: one dataset a column, or records; chunks of 65536 events, deflated. The sensor is kept as attributes, triggers as
/// Prophesee keeps them.
struct HDF5Writer: EventWriter {
  private(set) var count: Int64 = 0
  private var triggerCount: Int64 = 0
  private let file: HDF5Output
  private var sink: any ByteSink

  init(sink: any ByteSink, options: EventWritingOptions) throws(EventFormatError) {
    guard let path = sink.path else { throw needsFile(.hdf5, sink) }
    self.sink = sink
    file = try HDF5Output(path: path, name: sink.name, layout: options.hdf5Layout, geometry: options.geometry)
  }

  mutating func write(_ batch: EventBatch) throws(EventFormatError) {
    if !batch.triggers.isEmpty {
      try file.append(batch.triggers, at: triggerCount)
      triggerCount += Int64(batch.triggers.count)
    }
    guard batch.count > 0 else { return }
    try file.append(batch, at: count)
    count += Int64(batch.count)
  }

  mutating func finish() throws(EventFormatError) {
    try file.finish()
    try sink.finish()
  }
}
